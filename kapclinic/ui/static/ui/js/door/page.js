// /sign-in
import { Icon, html, show, useEffect, useState } from "../core/h.js";
import { language, speak, t } from "../core/i18n.js";
import { Mark } from "../frame/mark.js";
import { othersWaiting, readOutbox } from "../outbox/outbox.js";
import { SignInForm } from "../signin/form.js";
import { choosePassword, goOn } from "./next.js";

function Page() {
  const [waiting, setWaiting] = useState([]);
  useEffect(() => {
    readOutbox().then(() => setWaiting(othersWaiting(null)));
  }, []);
  return html`<main class="si">
    <section class="art">
      <div class="say">
        <b class="lg"><${Mark} /> kapclinic</b>
        <p>${t("Preparation, dosing, integration.")}<br />${t("Every dose followed up.")}</p>
      </div>
    </section>
    <section class="fm">
      <${SignInForm} onEntered=${(person) => (person.password_change_required ? choosePassword() : goOn())}>
        <h1>${t("Sign in")}</h1>
        <p></p>
        ${waiting.map((one) => html`<${Waits} key=${one.owner} ...${one} />`)}
      <//>
      <p class="small faint ft">
        ${t("This may be a shared device: you are signed out after a while without a touch. What you open is written to the access log.")}
        <button type="button" class="b bare s" lang=${language === "es" ? "en" : "es"} onClick=${() => speak(language === "es" ? "en" : "es")}>
          ${language === "es" ? "English" : "Español"}
        </button>
      </p>
    </section>
  </main>`;
}

function Waits({ name, count }) {
  return html`<div class="note med">
    <${Icon} name="off" />
    <span>
      <b>${t("On this tablet, not sent: {count} of {name}.", { count, name })}</b>${" "}
      ${t("They are kept. They are sent when {name} signs in.", { name })}
    </span>
  </div>`;
}

show(html`<${Page} />`);
