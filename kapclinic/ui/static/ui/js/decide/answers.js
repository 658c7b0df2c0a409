// Every question of a screening with what was answered.
import { all } from "../core/api.js";
import { Dialog } from "../core/dialog.js";
import { html } from "../core/h.js";
import { t, told } from "../core/i18n.js";
import { words } from "../core/problem.js";
import { useLoaded } from "../care/loaded.js";

const SAID = { true: () => t("yes"), false: () => t("no"), unknown: () => t("not known") };

export function Answers({ screening, onClose }) {
  const asked = useLoaded("conditions", () => all("screenings/conditions/"));
  const answerOf = (code) => {
    const given = screening.answers[code];
    return given !== null && typeof given === "object" ? given : { value: given, note: "" };
  };
  return html`<${Dialog} wide title=${t("All answers")} onClose=${onClose}>
    <div class="db">
      ${asked.problem && html`<p class="note high" role="alert">${words(asked.problem)}</p>`}
      <table class="list"><thead><tr><th scope="col">${t("Question")}</th><th scope="col">${t("Answer")}</th></tr></thead><tbody>
        ${(asked.data ?? []).filter((row) => row.asked || row.code in screening.answers).map((row) => {
          const answer = answerOf(row.code);
          return html`<tr key=${row.code}><td>${told(row.label)}</td><td><b>${SAID[String(answer.value)]?.() ?? t("left out")}</b>${answer.note && html`<br /><span class="small quiet">${answer.note}</span>`}</td></tr>`;
        })}
      </tbody></table>
    </div>
  <//>`;
}
