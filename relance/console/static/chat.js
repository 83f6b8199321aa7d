// Sends what is written without leaving the page, and keeps the newest message in sight. Without it the forms work too.

const say = document.getElementById("say");
const text = document.getElementById("text");
const isLive = () => document.querySelector(".live")?.dataset.state === "on";
const isAtEnd = () => window.innerHeight + window.scrollY >= document.body.scrollHeight - 160;
let followed = isAtEnd();

function toEnd() {
  window.scrollTo(0, document.body.scrollHeight);
}

async function send(form, submitter) {
  const fields = new URLSearchParams(new FormData(form));
  // The same form sent twice, because an answer was lost, is one message.
  fields.set("key", crypto.getRandomValues(new Uint32Array(4)).join(""));
  const buttons = [...form.querySelectorAll("button")];
  buttons.forEach((button) => (button.disabled = true));
  try {
    const answer = await fetch(submitter?.getAttribute("formaction") ?? form.action, { method: "POST", body: fields, redirect: "manual" });
    if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
    if (form === say) text.value = "";
    form.closest("details")?.removeAttribute("open");
  } catch {
    // The browser shows what is wrong: signed out, refused, not now.
    buttons.forEach((button) => (button.disabled = false));
    form.removeAttribute("data-chat");
    form.requestSubmit(submitter ?? undefined);
    return;
  }
  buttons.forEach((button) => (button.disabled = false));
  if (form === say) text.focus();
  else submitter?.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-chat]") || !isLive()) return;
  event.preventDefault();
  followed = true;
  send(form, event.submitter);
});

window.addEventListener("scroll", () => (followed = isAtEnd()), { passive: true });
document.addEventListener("region", (event) => {
  if (event.target.dataset.region === "log" && followed) toEnd();
});
if (!location.hash && !location.search) {
  toEnd();
  followed = true;
}
