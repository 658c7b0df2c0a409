// /clients/elsewhere: in an emergency the record of a client of another location, found by what is known for sure.
import { announce } from "../core/announce.js";
import { post } from "../core/api.js";
import { Icon, html, useRef, useState } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useOnce, useWrite } from "../core/intent.js";
import { Problem, byField, words } from "../core/problem.js";
import { begin, Frame } from "../frame/frame.js";
import { Field, Refusal, Words } from "../care/parts.js";
import { Standing } from "./standing.js";

const EMPTY = { mrn: "", first_name: "", last_name: "", date_of_birth: "" };
const WORDS = 3; // that a reason has at least

function Elsewhere() {
  const [found, tell] = useState(null);
  return html`<${Frame} current="elsewhere" keys=${[]}>
    <div class="gx"><h1>${t("A client of another location")}</h1>
      <p class="quiet">${t("For an emergency: somebody needs you, and their record is not at a location of yours.")}</p>
      <${Find} found=${found} tell=${tell} />
      ${found?.client && !found.is_yours && html`<${Open} key=${found.client} client=${found.client} />`}
      <${Standing} />
    </div>
  <//>`;
}

/** The exact number, or a whole name with the birth date: it tells no more than that there is one. */
function Find({ found, tell }) {
  const [by, turn] = useState("mrn");
  const [form, set] = useState(EMPTY);
  const [state, say] = useState({ busy: false, problem: null });
  const once = useOnce();
  const box = useRef(null);
  const wrong = state.problem?.errors?.length ? byField(state.problem) : {};
  const type = (name) => (value) => (set({ ...form, [name]: value }), tell(null));
  const choose = (way) => (turn(way), tell(null), say({ busy: false, problem: null }));
  async function look() {
    const { mrn, ...whole } = form;
    const given = Object.entries(by === "mrn" ? { mrn } : whole).map(([name, value]) => [name, value.trim()]);
    const missing = given.filter(([, value]) => !value).map(([name]) => ({ pointer: `/${name}`, detail: t("Fill this in.") }));
    if (missing.length) return say({ busy: false, problem: new Problem({ status: 400, code: "required", title: t("It takes all of it, exactly as it is written."), errors: missing }) });
    say({ busy: true, problem: null });
    try {
      const answer = await post("break-glass/find/", Object.fromEntries(given));
      say({ busy: false, problem: null });
      tell(answer);
      announce(saidOf(answer));
    } catch (problem) {
      say({ busy: false, problem });
    }
  }
  async function send(event) {
    event.preventDefault();
    await once(look);
    setTimeout(() => box.current?.querySelector("[aria-invalid=true]")?.focus(), 50);
  }
  return html`<form class="card" ref=${box} noValidate aria-label=${t("Find the one client")} onSubmit=${send}>
    <div class="seg" role="group" aria-label=${t("What is known")}><button type="button" aria-pressed=${by === "mrn"} onClick=${() => choose("mrn")}>${t("The MRN")}</button><button type="button" aria-pressed=${by === "name"} onClick=${() => choose("name")}>${t("Name and date of birth")}</button></div>
    ${by === "mrn" ? html`<${Field} id="gl-mrn" label=${t("MRN, exactly")} maxlength="12" autofocus value=${form.mrn} set=${type("mrn")} wrong=${wrong.mrn} />` : html`<div class="gl-3"><${Field} id="gl-first" label=${t("First name, chosen or legal")} maxlength="80" value=${form.first_name} set=${type("first_name")} wrong=${wrong.first_name} /><${Field} id="gl-last" label=${t("Last name, exactly")} maxlength="80" value=${form.last_name} set=${type("last_name")} wrong=${wrong.last_name} /><${Field} id="gl-born" type="date" label=${t("Birth date")} value=${form.date_of_birth} set=${type("date_of_birth")} wrong=${wrong.date_of_birth} /></div>`}
    ${state.problem && html`<p class="note high" role="alert"><${Icon} name="stop" /><span>${words(state.problem)}</span></p>`}
    <p class="small quiet">${t("That you looked stands in the client's access log.")}</p>
    <div class="row wrap"><button class=${found?.client ? "b" : "b go"} aria-disabled=${state.busy ? "true" : undefined}><${Icon} name="find" />${state.busy ? t("Asking…") : t("Look")}</button></div>
    ${found && (!found.client || found.is_yours) && html`<p class="note med"><${Icon} name="info" /><span>${saidOf(found)} ${found.client && html`<a href=${`/clients/${found.client}`}>${t("Go to the record")}</a>`}</span></p>`}
  </form>`;
}

function saidOf(answer) {
  if (!answer.client) return t("No client fits exactly, or more than one does: the MRN tells them apart.");
  return answer.is_yours ? t("This client is at a location of yours: open the record as always.") : t("There is one such client, at another location.");
}

/** The reason, and what it means to open it; then the client's page. */
function Open({ client }) {
  const [reason, why] = useState("");
  const [short, fault] = useState(false);
  const write = useWrite(() => location.assign(`/clients/${client}`));
  const stands = write.problem?.code === "break_glass_stands";
  function send(event) {
    event.preventDefault();
    const few = reason.trim().split(/\s+/).filter(Boolean).length < WORDS;
    fault(few);
    if (few) return setTimeout(() => document.getElementById("gl-why")?.focus(), 50);
    write.write("break-glass/", { client, reason });
  }
  return html`<form class="card" noValidate aria-labelledby="gl-open" onSubmit=${send}>
    <h2 id="gl-open">${t("There is one such client, at another location.")}</h2>
    <ul class="rules"><li>${t("You read this record, and write nothing in it. Psychotherapy notes stay closed.")}</li><li>${t("It stands for four hours at most; the location may say less. You can end it before.")}</li><li>${t("Everything that you read is logged as an emergency. The client can ask who it was.")}</li><li>${t("The medical director there is told now, and writes down whether it was right.")}</li></ul>
    <${Words} id="gl-why" rows=${3} label=${t("Why do you need this record now?")} value=${reason} set=${(text) => (why(text), fault(false))} wrong=${short ? t("Say it in three words or more.") : byField(write.problem ?? { errors: [] }).reason} hint=${t("Three words or more. The director there reads them.")} />
    <${Refusal} problem=${write.problem}>${stands && html`<p><a href=${`/clients/${client}`}>${t("Go to the record")}</a></p>`}<//>
    <div class="row wrap"><button class="b go" aria-disabled=${write.busy ? "true" : undefined}><${Icon} name="lock" />${write.busy ? t("Opening…") : t("Open the record, and read")}</button></div>
  </form>`;
}

begin(() => html`<${Elsewhere} />`);
