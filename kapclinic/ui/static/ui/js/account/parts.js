// What the parts of an account share: a list by pages, a form in a dialog with its one write, an amount as it is typed.
import { announce } from "../core/announce.js";
import { parse, wire } from "../core/cents.js";
import { Dialog } from "../core/dialog.js";
import { Icon, html } from "../core/h.js";
import { t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { useKeys } from "../core/keys.js";
import { useOne } from "../lists/list.js";
import { Problem, sentence } from "../core/problem.js";
import { Faults, Field, wrongOf } from "../desk/parts/fields.js";
import { unreadAmount, unsure } from "../till/words.js";
import { stateName } from "./words.js";

export { useAddress } from "../lists/address.js";
export { Foot, Paper, useAll, useList, useOne } from "../lists/list.js";

/** Why an entry is there; of a reversed one why it was reversed, which the entry says that reverses it. */
export function useWhy(path, row) {
  const by = useOne(row.reversed_by ? `${path}${row.reversed_by}/` : null, {}, 0).data;
  return by?.reason || row.reason;
}

/** The row of the address: of the list, else asked for alone. @param {string | null} path of one row */
export function useRow(list, path, id, turn) {
  const listed = list.rows?.find((row) => row.id === id);
  const alone = useOne(id && list.rows && !listed ? `${path}${id}/` : null, {}, turn);
  return listed ?? (id && alone.data?.id === id ? alone.data : null);
}

/** A refusal of what was typed, before anything is sent. */
export function wrong(name, detail) {
  return new Problem({ status: 400, code: "invalid", title: detail, errors: [{ pointer: `/${name}`, detail }] });
}

/** An amount above zero as it was typed, for the API. @throws {Problem} for anything else */
export function amountIn(form, name) {
  const cents = parse(form.get(name));
  if (cents === null) throw wrong(name, unreadAmount());
  if (cents <= 0) throw wrong(name, t("Type an amount above zero."));
  return wire(cents);
}

const MEND = {
  over_allocated: (why) => t("Allocate less: {why}", { why }),
  over_refunded: (why) => t("Refund less: {why}", { why }),
  over_adjusted: (why) => t("Take off less: {why}", { why }),
  must_reduce: (why) => t("Choose “takes off”: {why}", { why }),
  in_future: () => t("Choose today or an earlier day."),
  same_card_only: (why) => t("Choose the card that paid: {why}", { why }),
  not_hsa_eligible: (why) => t("Choose another way to pay: {why}", { why }),
};

/** The server's refusal with the verb that mends it; `named` says what a field is called here. */
function mended(problem, named) {
  if (!problem?.errors?.length) return problem;
  const errors = problem.errors.map((error) => ({
    ...error,
    pointer: named ? `/${named(error.pointer.slice(1))}` : error.pointer,
    code: MEND[error.code] ? undefined : error.code,
    detail: MEND[error.code]?.(sentence(error)) ?? error.detail,
  }));
  return new Problem({ ...problem, title: problem.title, errors });
}

/**
 * A form in a dialog and its one write. `bodyOf` answers the body, or throws what `wrong` makes.
 *
 * @param {{title: string, verb: string, path: string, labels: Record<string, string>, bodyOf: (form: FormData) => any,
 *   onDone: (row: any, replayed: boolean) => void, onClose: () => void, children: (wrong: Record<string, string>) => any, wide?: boolean,
 *   named?: (field: string) => string, how?: {method?: string, match?: string}}} props
 */
export function Form({ title, verb, path, labels, bodyOf, onDone, onClose, children, wide, named, how }) {
  const writing = useWrite((row, replayed) => {
    announce(t("It is on the server."));
    onDone(row, replayed);
  }, unsure);
  const problem = mended(writing.problem, named);
  function send(event) {
    event.preventDefault();
    try {
      writing.write(path, bodyOf(new FormData(event.target)), how);
    } catch (refused) {
      if (!(refused instanceof Problem)) throw refused;
      writing.fail(refused);
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose} wide=${wide}>
    <form onSubmit=${send} novalidate>
      <div class="db">
        <${Faults} problem=${problem} labels=${labels} />
        ${children(wrongOf(problem))}
      </div>
      <div class="df">
        <button type="button" class="b" onClick=${onClose}>${t("Not now")}</button>
        <button class="b go" disabled=${writing.busy || undefined}>${writing.busy ? t("Saving…") : verb}</button>
      </div>
    </form>
  <//>`;
}

/** A field for dollars. */
export function Amount(props) {
  return html`<${Field} inputmode="decimal" maxlength="14" ...${props} />`;
}

/**
 * Why something is reversed, voided or ended, in a dialog.
 *
 * @param {{title: string, verb: string, path: string, about: any, how?: {match?: string}, onDone: (row: any) => void, onClose: () => void}} props
 */
export function Why({ title, verb, path, about, how, onDone, onClose }) {
  const labels = { reason: t("Why?") };
  const bodyOf = (form) => ({ reason: said(form, "reason", t("Say why, in three letters or more.")) });
  return html`<${Form} title=${title} verb=${verb} path=${path} labels=${labels} how=${how} bodyOf=${bodyOf} onDone=${onDone} onClose=${onClose}>
    ${(wrongs) => html`<div>${about}</div><${Field} name="reason" label=${labels.reason} wrong=${wrongs} autofocus maxlength="1000" />`}
  <//>`;
}

/** Words that must be there. */
export function said(form, name, detail) {
  const text = String(form.get(name) ?? "").trim();
  if (text.length < 3) throw wrong(name, detail);
  return text;
}

/** @param {{status: string}} props */
export function State({ status }) {
  if (status === "standing" || status === "active") return null;
  const waits = status === "review";
  return html`<span class=${waits ? "chip med" : "chip"}>${waits && html`<${Icon} name="warn" />`}${stateName(status)}</span>`;
}

/** A button of a row in a list, which the arrow keys move along. */
export function Pick({ id, current, onChoose, children }) {
  return html`<button type="button" class="lnk" id=${`row-${id}`} aria-current=${current ? "true" : undefined} onClick=${onChoose}>${children}</button>`;
}

/** Where nothing is chosen. */
export function Unchosen({ children }) {
  return html`<div class="wo"><p class="quiet pad">${children}</p></div>`;
}

/** The chosen row: what it is, and what may be done with it. @param {{title: string, aside?: any, foot?: any, children: any}} props */
export function Chosen({ title, aside, foot, children }) {
  return html`<section class="wo" aria-labelledby="object">
    <header class="row"><h2 class="grow h1" id="object">${title}</h2>${aside}</header>
    <div class="wb stack">${children}</div>
    ${foot && html`<footer class="row wrap">${foot}</footer>`}
  </section>`;
}

/** Up and down through rows, which are in the order of the page. */
export function useRows(ids, chosen, choose) {
  const step = (by) => () => {
    const next = ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(chosen) + by))];
    if (!next || next === chosen) return;
    choose(next);
    requestAnimationFrame(() => document.getElementById(`row-${next}`)?.focus());
  };
  useKeys({ ArrowUp: step(-1), ArrowDown: step(1) });
}
