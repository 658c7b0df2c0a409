// A safety alert: acknowledged by what was done, then released in words. Of the tier high with a plan, and not alone.
import { all, get } from "../core/api.js";
import { Icon, html, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { date, dayIn, now } from "../core/time.js";
import { useKept } from "../care/loaded.js";
import { Field, Form, Refusal, Send, Where, Words, toFault, tooShort } from "../care/parts.js";
import { Who, when } from "../care/who.js";
import { causeName } from "./words.js";

export async function loadAlert(row) {
  const [alert, plans] = await Promise.all([get(`safety-alerts/${row.subject.id}/`), all("safety-plans/", { client: row.client, voided: "false" })]);
  return { alert, plans };
}

export function Alert({ row, about, subject, again, onDone }) {
  const { alert } = subject;
  const opened = alert.allowed_moves.includes("acknowledge");
  const releases = !opened && alert.allowed_moves.includes("release");
  return html`<section class="de">
    <${Who} about=${about} />
    <div class="de-h pad">
      <h2 class="h1">${causeName(alert.cause)}</h2>
      <dl class="dl"><dt>${t("Raised")}</dt><dd>${when(alert.created_at, about.zone)}</dd>
        <dt>${t("Acknowledge by")}</dt><dd>${when(alert.acknowledge_by, about.zone)}</dd>
        ${alert.acknowledged_at && html`<dt>${t("Acknowledged")}</dt><dd>${when(alert.acknowledged_at, about.zone)}: ${alert.action}</dd>`}
        <dt>${t("Doses")}</dt><dd>${alert.holds_doses ? t("held until it is released") : t("not held by it")}</dd></dl>
    </div>
    ${opened && html`<${Acknowledge} row=${row} alert=${alert} again=${again} onDone=${onDone} />`}
    ${releases && html`<${Release} row=${row} about=${about} subject=${subject} again=${again} onDone=${onDone} />`}
    ${!opened && !releases && html`<p class="pad quiet">${t("Nothing is left to decide here.")}</p>`}
  </section>`;
}

function Acknowledge({ row, alert, again, onDone }) {
  const [form, set] = useKept(row.subject.id, { action: "" });
  const [tried, tell] = useState(false);
  const write = useWrite((answer) => (answer.holds_doses ? again() : onDone(t("The alert is acknowledged."))));
  function send() {
    tell(true);
    if (tooShort(form.action)) return toFault();
    return write.write(`safety-alerts/${alert.id}/acknowledge/`, { action: form.action.trim() });
  }
  return html`<${Form} label=${t("Acknowledgement")} onSend=${send}>
    <div class="de-b pad"><p class="note high"><${Icon} name="phone" />${t("Speak to the client first. In danger now: 988, or 911.")}</p></div>
    <footer class="dc"><${Refusal} problem=${write.problem} />
      <${Words} id="action" label=${t("What was done?")} value=${form.action} set=${(action) => set({ action })} wrong=${tried && tooShort(form.action) ? t("Say what was done.") : ""} />
      <div class="end"><${Where} write=${write} dirty=${form.action} /><${Send} busy=${write.busy} word=${t("Acknowledge")} /></div>
    </footer>
  <//>`;
}

function Release({ row, about, subject, again, onDone }) {
  const { alert, plans } = subject;
  const high = alert.cause === "cssrs_high";
  const made = plans.find((one) => !high || one.made_on >= dayIn(alert.created_at, about.zone)); // an older one is for another crisis
  const [form, set] = useKept(`${row.subject.id} release`, { why: "", plan: made?.id ?? "", company: false });
  const [tried, tell] = useState(false);
  const [adding, add] = useState(false);
  const write = useWrite(() => onDone(t("The alert is released: doses may go on.")));
  const faults = { why: tooShort(form.why), plan: high && !form.plan, company: high && !form.company };
  function send() {
    tell(true);
    if (Object.values(faults).some(Boolean)) return toFault();
    return write.write(`safety-alerts/${alert.id}/release/`, { rationale: form.why.trim(), safety_plan: form.plan || null, not_alone: form.company || null });
  }
  return html`<${Fragmented}>
    ${adding && html`<div class="pad"><${Plan} client=${row.client} about=${about} onDone=${async (plan) => (await again(), set({ plan: plan.id }), add(false))} onClose=${() => add(false)} /></div>`}
    <${Form} label=${t("Release")} onSend=${send}>
      <div class="de-b pad">
        <${Field} id="plan" label=${high ? t("Safety plan that was made") : t("Safety plan, if one was made")} value=${form.plan} set=${(plan) => set({ plan })} wrong=${tried && faults.plan ? t("Name the safety plan that was made.") : ""}>
          <option value="">${t("none")}</option>
          ${plans.map((one) => html`<option key=${one.id} value=${one.id}>${date(one.made_on)}: ${one.text.slice(0, 60)}</option>`)}
        <//>
        ${!adding && html`<div><button type="button" class="b s" onClick=${() => add(true)}>${t("Write down a safety plan")}</button></div>`}
        <label class="opt"><input type="checkbox" checked=${form.company} aria-invalid=${tried && faults.company ? "true" : undefined} onChange=${(event) => set({ company: event.target.checked })} />${t("Somebody stays with the client")}</label>
        ${tried && faults.company && html`<span class="err" role="alert">${t("Somebody must stay with the client.")}</span>`}
      </div>
      <footer class="dc"><${Refusal} problem=${write.problem} />
        <${Words} id="why" label=${t("Why may doses go on?")} value=${form.why} set=${(why) => set({ why })} wrong=${tried && faults.why ? t("Say why.") : ""} />
        <div class="end"><${Where} write=${write} dirty=${form.why} /><${Send} busy=${write.busy} word=${t("Release")} /></div>
      </footer>
    <//>
  <//>`;
}

const Fragmented = ({ children }) => children;

function Plan({ client, about, onDone, onClose }) {
  const [text, set] = useState("");
  const [tried, tell] = useState(false);
  const write = useWrite(onDone);
  function send(event) {
    event.preventDefault();
    tell(true);
    if (!tooShort(text)) write.write("safety-plans/", { client, text: text.trim(), made_on: dayIn(now(), about.zone) });
  }
  return html`<form class="stack" noValidate onSubmit=${send}>
    <${Words} id="plan-text" rows=${4} label=${t("The safety plan, made with the client today")} value=${text} set=${set} wrong=${tried && tooShort(text) ? t("Write it down.") : ""} />
    <${Refusal} problem=${write.problem} />
    <div class="row"><button class="b">${write.busy ? t("Sending") : t("Write it down")}</button><button type="button" class="b bare" onClick=${onClose}>${t("Leave it")}</button></div>
  </form>`;
}
