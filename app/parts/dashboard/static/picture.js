"use strict";

// A figure as a picture: its heading, its graph as it stands in the page, and the site's address.
(() => {
  const SCALE = 2;
  const EDGE_PX = 20;
  const LINE_PX = 24;
  const FOOT_PX = 32;

  function rows(pen, text, width) {
    const broken = [""];
    for (const word of text.split(/\s+/)) {
      const longer = `${broken.at(-1)} ${word}`.trim();
      if (pen.measureText(longer).width <= width) broken[broken.length - 1] = longer;
      else broken.push(word);
    }
    return broken.filter(Boolean);
  }

  // As SVG first: to draw it itself, plotly would need pictures of blobs, which the policy forbids.
  async function imageOf({ data, layout, clientWidth: width, clientHeight: height }) {
    const image = new Image();
    const plot = { data, layout: { ...layout, autosize: false, width, height } };
    image.src = await window.Plotly.toImage(plot, { format: "svg", width, height });
    await image.decode();
    return image;
  }

  window.saveFigure = async (graph, heading, name, colour) => {
    const width = graph.clientWidth + 2 * EDGE_PX;
    const family = getComputedStyle(document.body).fontFamily;
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d");
    const write = (text, size, hue, x, y, align = "left") => {
      Object.assign(pen, { font: `${size} ${family}`, fillStyle: colour(hue), textAlign: align });
      pen.fillText(text, x, y);
    };
    pen.font = `600 17px ${family}`;
    const title = rows(pen, heading, width - 2 * EDGE_PX);
    const top = EDGE_PX + LINE_PX * title.length;
    const height = top + graph.clientHeight + FOOT_PX;
    [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
    pen.scale(SCALE, SCALE);
    pen.fillStyle = colour("panel");
    pen.fillRect(0, 0, width, height);
    title.forEach((row, place) => write(row, "600 17px", "ink", EDGE_PX, EDGE_PX + LINE_PX * (place + 0.6)));
    pen.drawImage(await imageOf(graph), EDGE_PX, top, graph.clientWidth, graph.clientHeight);
    const site = `saywho · ${location.host}`;
    write(site, "12px", "soft", width - EDGE_PX, height - FOOT_PX / 2.5, "right");
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
})();
