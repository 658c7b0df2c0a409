// A code gets its fee: from the day of the session that lacks it.
import { Dialog } from "../core/dialog.js";
import { html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { parse, wire } from "../core/cents.js";
import { Refused } from "./parts.js";

/** @param {{code: string, day: string, here: any, onDone: () => void, onClose: () => void}} props */
export function Fee({ code, day, here, onDone, onClose }) {
  const [form, set] = useState({ amount: "", from: `${day.slice(0, 4)}-01-01`, where: "" });
  const write = useWrite(onDone);
  const cents = parse(form.amount);
  const save = (event) => {
    event.preventDefault();
    if (cents === null) return;
    write.write("fees/", { code, amount: wire(cents), valid_from: form.from, ...(form.where ? { location: form.where } : {}) });
  };
  const put = (name) => (event) => set({ ...form, [name]: event.target.value });
  return html`<${Dialog} title=${t("Fee of {code}", { code })} onClose=${onClose}>
    <form onSubmit=${save}>
      <div class="db">
        <div class="f"><label for="fee">${t("Amount of one unit, $")}</label><input id="fee" inputmode="decimal" autocomplete="off" required autofocus value=${form.amount} onInput=${put("amount")} pattern="\\d{1,8}([.,]\\d{1,2})?" /></div>
        <div class="f"><label for="fee-from">${t("Valid from")}</label><input id="fee-from" type="date" required max=${day} value=${form.from} onInput=${put("from")} /></div>
        <div class="f"><label for="fee-where">${t("Where")}</label><select id="fee-where" value=${form.where} onChange=${put("where")}><option value="">${t("At every clinic")}</option><option value=${here.id}>${here.name}</option></select></div>
        <${Refused} problem=${write.problem} />
      </div>
      <div class="df"><button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" aria-disabled=${write.busy ? "true" : undefined}>${write.busy ? t("Saving…") : t("Set the fee")}</button></div>
    </form>
  <//>`;
}
