// Returns what is wrong with the page that is open, as sentences.
() => {
  const faults = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("body *")]
      .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80));
    faults.push(`overflows: ${root.scrollWidth} > ${innerWidth}: ${wide.slice(0, 3).join(" | ")}`);
  }
  // What is hidden within a scrolled part may still lengthen the page.
  const end = document.querySelector("footer").getBoundingClientRect().bottom + scrollY;
  if (root.scrollHeight > Math.max(end, innerHeight) + 2) faults.push("blank below the footer");
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) faults.push(`${headings} h1`);
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  if (document.querySelector("[style], style, script:not([src])")) faults.push("inline style or script");

  const ids = new Set();
  for (const { id } of document.querySelectorAll("[id]"))
    if (ids.has(id)) faults.push(`id twice: ${id}`);
    else ids.add(id);
  for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]"))
    for (const name of ["aria-labelledby", "aria-describedby", "for"])
      for (const id of (e.getAttribute(name) || "").split(" "))
        if (id && !ids.has(id)) faults.push(`${name} leads nowhere: ${id}`);
  for (const e of document.querySelectorAll("input:not([type=hidden]), textarea:not([hidden])"))
    if (!e.labels.length) faults.push(`no label: ${e.outerHTML.slice(0, 80)}`);
  for (const e of document.querySelectorAll("a[href], button:not([hidden])"))
    if (!e.textContent.trim() && !e.querySelector('img[alt]:not([alt=""])')) faults.push(`no name: ${e.outerHTML.slice(0, 80)}`);
  for (const e of document.querySelectorAll("main :is(a[href], button, summary), .chip, .site-header a")) {
    const box = e.getBoundingClientRect();
    // A word of a sentence may be as narrow as it is.
    const isNarrow = box.width < 23.9 && getComputedStyle(e).display !== "inline";
    if (e.checkVisibility() && !e.closest(".visually-hidden, svg") && box.height && (box.height < 24 || isNarrow))
      faults.push(`too small to touch: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const e of document.querySelectorAll("main *")) {
    const style = getComputedStyle(e);
    if (style.textOverflow === "ellipsis" && e.scrollWidth > e.clientWidth + 1)
      faults.push(`cut: ${e.outerHTML.slice(0, 80)}`);
    if (parseFloat(style.fontSize) < 12 && e.innerText?.trim() && e.checkVisibility())
      faults.push(`small letters: ${e.outerHTML.slice(0, 80)}`);
  }

  for (const e of document.querySelectorAll("th, td")) {
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (e.clientWidth < 3.5 * size && e.clientHeight > 6 * size)
      faults.push(`read from top to bottom: ${e.outerHTML.slice(0, 80)}`);
  }

  const rows = new Set([...document.querySelectorAll(".site-nav li")].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().top));
  if (rows.size > 1) faults.push(`a menu in ${rows.size} rows`);

  // A word that has room in a line of its list or section is in one line.
  const words = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const [text, at] = [words.currentNode, words.currentNode.parentElement];
    if (!at.checkVisibility() || at.closest("svg, .visually-hidden, table, code, pre")) continue;
    for (const { 0: word, index } of text.data.matchAll(/\S+/g)) {
      if (!/^[\p{Script=Latin}\p{Script=Hangul}]{2,40}$/u.test(word)) continue;
      const range = new Range();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = [...range.getClientRects()].filter(box => box.width);
      const wide = lines.reduce((sum, box) => sum + box.width, 0);
      if (new Set(lines.map(box => Math.round(box.top))).size > 1 && wide < at.closest("ul, ol, section, main").clientWidth / 2)
        faults.push(`a word in two lines: ${word}: ${at.outerHTML.slice(0, 80)}`);
    }
  }

  for (const e of document.querySelectorAll(".media .alt"))
    if (e.clientWidth && e.clientWidth < 8 * parseFloat(getComputedStyle(e).fontSize))
      faults.push(`a narrow description: ${e.outerHTML.slice(0, 80)}`);

  for (const e of document.querySelectorAll(".media video")) {
    const [box, ratio] = [e.getBoundingClientRect(), e.getAttribute("width") / e.getAttribute("height")];
    if (box.width * box.height < 1e4) faults.push(`a film that is hard to see: ${box.width}x${box.height}`);
    if (e.closest(".large") && ratio && Math.abs(box.width / box.height / ratio - 1) > 0.02)
      faults.push(`a film of another shape: ${box.width}x${box.height}`);
  }

  for (const e of document.querySelectorAll(".rows > li > *, .numbers :is(th, td)"))
    if (e.scrollWidth > e.clientWidth + 1) faults.push(`runs out of its box: ${e.outerHTML.slice(0, 80)}`);

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  // A page has few colours and many elements.
  const kept = (values, key, make) => {
    if (!values.has(key)) values.set(key, make());
    return values.get(key);
  };
  const [colours, grounds] = [new Map(), new Map()];
  const rgba = (colour) => kept(colours, colour, () => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  });
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
  const background = (element) => kept(grounds, element, () => {
    if (!element) return rgba("Canvas").slice(0, 3);
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, background(element.parentElement));
  });
  const luminance = (colour) => colour.map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || seen.has(element)) continue;
    seen.add(element);
    if (!element.checkVisibility() || element.closest(".visually-hidden, .skip, datalist")) continue;
    const under = background(element);
    const text = luminance(over(rgba(getComputedStyle(element).color), under));
    const ground = luminance(under);
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5)
      faults.push(`contrast ${ratio.toFixed(2)}: ${element.outerHTML.slice(0, 80)}`);
  }
  return faults;
}
