// Private notes that wait: somebody else reset the author's way in, and only what the author had before opens them.
import { announce } from "../core/announce.js";
import { call } from "../core/api.js";
import { Icon, html, useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { Problem, words } from "../core/problem.js";
import { SecondStep } from "../signin/second.js";

const MORE = ["second_factor_required", "second_factor_wrong"];

/** @param {{methods: string[], back: string, onOpen: () => void}} props `methods`: of the refusal; `back`: where who does not open them goes */
export function Sealed({ methods, back, onOpen }) {
  const [asked, ask] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);

  async function go(body) {
    setBusy(true);
    try {
      await call("POST", "auth/private-notes/open/", { body, quiet: true });
      announce(t("Your private notes are open."));
      onOpen();
    } catch (found) {
      if (found.code === "private_notes_not_sealed") return onOpen(); // opened in another tab
      if (MORE.includes(found.code)) ask(found.extra);
      setProblem(found.code === MORE[0] ? null : found);
    } finally {
      setBusy(false);
    }
  }

  function submit(event) {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    event.target.querySelector("#otp")?.select();
    if (form.otp) go(form);
  }

  useEffect(() => {
    if (methods.length) go({});
  }, []);
  const lost = () => setProblem(new Problem({ status: 0, code: "no_passkey", title: t("No passkey was shown. Try once more, or type a code.") }));
  return html`<form class="db fm2" onSubmit=${submit} noValidate>
    <h2><${Icon} name="lock" /> ${t("Sealed since your way in was reset")}</h2>
    ${methods.length
      ? html`<p>${t("Somebody else set your password or your second factor anew. A code or passkey that you had before opens your private notes.")}</p>`
      : html`<p>${t("Nothing that you had before the reset is left. Your medical director and your administrator open your private notes together; they cannot read them.")}</p>`}
    ${problem && html`<div class="errors" role="alert"><p>${problem.code === MORE[1] ? t("That was not right, or it counted before. Try the next code.") : words(problem)}</p></div>`}
    ${asked && html`<${SecondStep} asked=${asked} busy=${busy} onShown=${go} onLost=${lost} onBack=${() => window.location.assign(back)} />`}
  </form>`;
}
