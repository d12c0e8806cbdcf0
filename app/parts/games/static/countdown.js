"use strict";

// Counts down what is left of a question's time, by the server's clock: the page says how much was
// left when it was sent.
window.countDown = (timer, { every = () => {}, until }) => {
  const left = timer.querySelector("[data-left]");
  const bar = timer.parentElement.querySelector("[data-bar]");
  const ends = until ?? performance.now() + Number(timer.dataset.leftMs);
  let shown = null;

  function tick() {
    const seconds = Math.max(0, (ends - performance.now()) / 1000);
    bar.value = seconds;
    const whole = Math.ceil(seconds);
    if (whole !== shown) {
      shown = whole;
      left.textContent = whole;
      every(whole);
    }
    if (seconds === 0 || !timer.isConnected) stop();
  }

  const running = setInterval(tick, 100);
  function stop() { clearInterval(running); }
  tick();
  return stop;
};
