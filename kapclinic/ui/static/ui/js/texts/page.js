// /director/texts: the words that clients sign, by document and language; one is read, or a newer one written beside it.
import { useAddress } from "../lists/address.js";
import { announce } from "../core/announce.js";
import { Icon, html, useEffect } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useKeys } from "../core/keys.js";
import { lazy } from "../core/lazy.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { useStore } from "../core/store.js";
import { date, dayIn, now } from "../core/time.js";
import { begin, Frame } from "../frame/frame.js";
import { documentName, tongue } from "../links/documents.js";
import { Text } from "../sign/text.js";
import { rowsOf, shownOf, useTexts } from "./known.js";
import { List, versionOf } from "./list.js";

const Write = lazy(() => import("./write.js"), "Write", { early: true, pane: true });

function Texts() {
  const here = useStore(place);
  const [said, go] = useAddress();
  const texts = useTexts();
  const today = dayIn(now(), here.time_zone);
  const rows = texts.data ? rowsOf(texts.data, today) : [];
  const chosen = rows.find((row) => row.id === said.text) ?? null;
  const choose = (id) => go({ text: id, version: null, write: null });
  const write = () => chosen && go({ write: "1" });
  useKeys({ n: write });
  const written = async (row) => {
    announce(t("The text is on the server."));
    await texts.again();
    go({ write: null, version: row.version });
  };
  return html`<${Frame} current="director" keys=${[["↑ ↓", t("Row before, row after")], ["n", t("Write a newer text")]]}>
    <div class=${`wk tx${chosen ? " one" : ""}`}>
      <section class="wq" aria-labelledby="tx-title">
        <header class="tx-h"><h1 id="tx-title">${t("Consent texts")}</h1><a class="small" href="/director">${t("Overview")}</a></header>
        ${texts.problem && html`<p class="note med pad" role="status"><${Icon} name="warn" /><span>${words(texts.problem)}</span><button type="button" class="b s" onClick=${texts.again}>${t("Try again")}</button></p>`}
        ${!texts.data && !texts.problem && html`<div class="skels" aria-hidden="true">${[1, 2, 3, 4].map((n) => html`<i class="skel" key=${n}></i>`)}</div>`}
        <nav aria-label=${t("Consent texts")}><${List} rows=${rows} chosen=${chosen} choose=${choose} /></nav>
      </section>
      <div class="wr">
        ${chosen && html`<button type="button" class="b s back" onClick=${() => choose(null)}><${Icon} name="left" />${t("All texts")}</button>`}
        ${!chosen && texts.data && html`<p class="quiet pad">${t("Choose a document on the left: its text is shown here.")}</p>`}
        ${chosen && (said.write ? html`<${Write} key=${chosen.id} row=${chosen} rows=${rows} today=${today} onDone=${written} onClose=${() => go({ write: null })} />` : html`<${Read} key=${chosen.id} row=${chosen} said=${said} today=${today} go=${go} onWrite=${write} />`)}
      </div>
    </div>
  <//>`;
}

/** One text as a client reads it. @param {{row: any, said: any, today: string, go: (change: object) => void, onWrite: () => void}} props */
function Read({ row, said, today, go, onWrite }) {
  const one = shownOf(row, said.version);
  useEffect(() => document.querySelector(".wr .wb")?.scrollTo(0, 0), [one?.version]);
  return html`<section class="wo" aria-labelledby="object"><header class="row"><h1 class="grow" id="object">${documentName(row.document)}</h1><span class="chip">${tongue(row.language)}</span></header><div class="wb stack">
    ${!one && html`<p class="note"><${Icon} name="info" /><span>${t("Nobody can sign this document in this language: it has no text yet.")}</span></p>`}
    ${row.now?.shipped && one === row.now && html`<p class="note"><${Icon} name="info" /><span>${t("This text ships with the software, as a template: the clinic's own words stand in its place once you write them.")}</span></p>`}
    ${one?.effective_on > today && html`<p class="note"><${Icon} name="wait" /><span>${t("It is in force from {date} on.", { date: date(one.effective_on) })}</span></p>`}
    ${one?.standing > 0 && html`<p class="note med"><${Icon} name="info" /><span>${older(one, today)}</span></p>`}
    ${row.texts.length > 1 && html`<div class="f"><label for="tx-version">${t("Version")}</label><select id="tx-version" value=${one.version} onChange=${(event) => go({ version: event.target.value })}>${row.texts.map((old) => html`<option key=${old.version} value=${old.version}>${[versionOf(old), old === row.now ? t("in force") : old.effective_on > today ? t("not in force yet") : t("no longer in force")].join(", ")}</option>`)}</select></div>`}
    ${one && html`<article class="paper" lang=${row.language} tabindex="0" aria-label=${`${documentName(row.document)}, ${versionOf(one)}`}><${Text} text=${one.text} /></article>`}
  </div><footer class="row wrap"><button type="button" class="b go" onClick=${onWrite}><${Icon} name="pen" />${t("Write a newer text")} <kbd>n</kbd></button></footer></section>`;
}

/** How many signatures on an older text this one ends, or has ended. */
function older(one, today) {
  if (one.effective_on > today) return many(one.standing, "{n} client has signed an older text in this language, and signs anew from {date} on.", "{n} clients have signed an older text in this language, and sign anew from {date} on.", { date: date(one.effective_on) });
  return many(one.standing, "{n} client has signed an older text in this language, and not this one.", "{n} clients have signed an older text in this language, and not this one.");
}

begin(() => html`<${Texts} />`);
