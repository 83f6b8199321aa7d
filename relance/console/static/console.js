// Keeps the regions of a page up to date. Without it every page can be read, and its forms work.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`relance_zone=${zone}`)) {
  // Only how times are shown depends on it.
  document.cookie = `relance_zone=${zone}; path=/console; max-age=31536000; samesite=lax`;
}

const live = document.body.dataset.live;
const badge = document.querySelector(".live");
const badgeWords = document.querySelector("[data-live-words]");
let source = null;

function show(isOn) {
  if (!badge) return;
  badge.dataset.state = isOn ? "on" : "off";
  const words = isOn ? badgeWords.dataset.on : badgeWords.dataset.off;
  if (badgeWords.textContent !== words) badgeWords.textContent = words;
}

function isBeingUsed(region) {
  // A form that somebody fills in stays as it is until they are done.
  const focused = document.activeElement;
  return region.contains(focused) && focused.matches("input:not([type=hidden]), textarea, select");
}

function merge(place, fresh) {
  // What is the same stays, so that a screen reader is told of what is new alone. Children are known by their ids.
  const wanted = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...place.children]) if (!wanted.has(child.id)) child.remove();
  let last = null;
  for (const child of [...fresh.children]) {
    let shown = child.id ? place.querySelector(`:scope > #${CSS.escape(child.id)}`) : null;
    if (shown && !shown.isEqualNode(child) && !isBeingUsed(shown)) {
      if (shown.hasAttribute("data-merge")) merge(shown, child);
      else replace(shown, child.innerHTML);
    } else if (!shown) {
      shown = child;
      if (last) last.after(shown);
      else place.prepend(shown);
    }
    last = shown;
  }
}

function update(region, html) {
  if (!region.hasAttribute("data-merge")) return replace(region, html);
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  merge(region, fresh.content);
  region.dispatchEvent(new CustomEvent("region", { bubbles: true }));
}

function replace(region, html) {
  if (isBeingUsed(region)) return;
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const opened = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
  region.innerHTML = html;
  for (const id of opened) region.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  if (focused) region.querySelector(`#${CSS.escape(focused)}`)?.focus({ preventScroll: true });
  region.dispatchEvent(new CustomEvent("region", { bubbles: true }));
}

function listen() {
  if (!live || source) return;
  source = new EventSource(live);
  source.onopen = () => show(true);
  source.onmessage = (event) => {
    const { region, html } = JSON.parse(event.data);
    const shown = document.querySelector(`[data-region="${CSS.escape(region)}"]`);
    if (shown) update(shown, html);
  };
  source.onerror = () => {
    show(false);
    if (source && source.readyState === EventSource.CLOSED) {
      // Refused: the session is over, or there is no room. A browser does not come back by itself then.
      source = null;
      setTimeout(listen, 10_000);
    }
  };
}

function stop() {
  if (source) source.close();
  source = null;
  show(false);
}

// A page that nobody sees costs nothing, and browsers keep few connections to a host.
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
window.addEventListener("pagehide", stop);
window.addEventListener("pageshow", listen);
listen();

// On a phone the pages are a row that scrolls; the one that is open should be in sight.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
