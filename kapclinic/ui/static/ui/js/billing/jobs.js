// Runs and exports: work that goes on while nobody looks. What is asked of them, and how far each is.
import { announce } from "../core/announce.js";
import { get } from "../core/api.js";
import { Icon, html, useEffect, useRef, useState } from "../core/h.js";
import { many, t } from "../core/i18n.js";
import { useWrite } from "../core/intent.js";
import { place } from "../core/me.js";
import { words } from "../core/problem.js";
import { clock, day, now } from "../core/time.js";
import { useList } from "./known.js";
import { To, together } from "./parts.js";
import { failureName, jobName, reasonName, spanName } from "./words.js";

const OPEN = ["queued", "running"];
const FRESH = 10 * 60000; // so long a job that ended is still told of below the lists

export const isOpen = (job) => OPEN.includes(job.state);

/** Where a job is asked for: a run has no kind. */
function pathOf(job) {
  return `${job.kind ? "exports" : "superbill-runs"}/${job.id}`;
}

/** Both kinds of job, the newest first; `onEnd` is called when one that was under way is over. */
export function useJobs(shown, onEnd) {
  const [busy, set] = useState(false);
  const seconds = busy ? 2 : 30;
  const [runs, exports] = [useList("superbill-runs/", {}, { seconds }), useList("exports/", {}, { seconds })];
  const rows = [...runs.rows, ...exports.rows].sort((a, b) => b.created_at.localeCompare(a.created_at));
  const open = rows.filter(isOpen).map((job) => job.id).join();
  const before = useRef(open);
  useEffect(() => {
    set(open !== "");
    const ended = before.current.split(",").filter((id) => id && !open.includes(id));
    before.current = open;
    for (const id of ended) announce(t("{what}: over", { what: jobName(rows.find((job) => job.id === id) ?? {}) }));
    if (ended.length) onEnd();
  }, [open]);
  return { ...together([runs, exports]), rows, count: (runs.count ?? 0) + (exports.count ?? 0), lists: shown ? [runs, exports] : [] };
}

/** "about 6 s left", by how fast it went so far. */
function leftOf(job) {
  const { done, total } = job.progress;
  if (!done || done >= total) return "";
  const seconds = Math.ceil(((now() - Date.parse(job.created_at)) / done) * (total - done) / 1000);
  return seconds < 90 ? t("about {n} s left", { n: seconds }) : t("about {n} min left", { n: Math.round(seconds / 60) });
}

/** How far a job is, in words. Only a run goes item by item; a file is packed in one go. */
export function farness(job) {
  const { done, total } = job.progress;
  if (job.state === "queued") return t("waits for its turn");
  if (job.state === "running") return job.kind ? t("is being packed") : [t("{done} of {total}", { done, total }), leftOf(job)].filter(Boolean).join(" · ");
  if (job.state === "failed") return failureName(job.failure);
  return many(total - job.skipped.length, "{n} in the file", "{n} in the file");
}

/** @param {{job: any, nav: any, again: () => void, onHide?: () => void, whole?: boolean}} props `whole`: with all that is known of it */
export function Job({ job, nav, again, onHide, whole }) {
  const title = `${jobName(job)}, ${spanName(job.from_date, job.to_date)}`;
  const percent = job.progress.total ? Math.round((100 * job.progress.done) / job.progress.total) : 0;
  const stop = useWrite(() => again());
  return html`<section class="job" aria-label=${title}>
    <div class="row wrap"><b class="grow">${title}</b><span class="small quiet">${farness(job)}</span>
      ${job.allowed_moves.includes("stop") && html`<button type="button" class="b s" aria-disabled=${stop.busy ? "true" : undefined} onClick=${() => stop.write(`${pathOf(job)}/stop/`, {})}>${stop.busy ? t("Saving…") : t("Stop")}</button>`}
      ${job.state === "done" && html`<${Download} job=${job} />`}
      ${onHide && !isOpen(job) && html`<button type="button" class="b bare s" onClick=${onHide}>${t("Hide")}</button>`}</div>
    ${job.state === "running" && !job.kind && html`<div class="progress" style=${{ "--p": percent }} role="progressbar" aria-label=${title} aria-valuenow=${percent} aria-valuemin="0" aria-valuemax="100"><i></i></div>`}
    ${stop.problem && html`<p class="note high" role="alert">${words(stop.problem)} <button type="button" class="b s" onClick=${() => (stop.clear(), again())}>${t("Look again")}</button></p>`}
    <p class="small quiet">${isOpen(job) && t("You can leave this page. The file waits under Exports, with who made it, when, and its checksum.")}
      ${job.skipped.length > 0 && html` <${Icon} name="warn" /> ${many(job.skipped.length, "{n} was left out.", "{n} were left out.")} ${!whole && html`<${To} ...${nav} change=${{ tab: "exports", row: job.id, only: null, view: null }}>${t("See which")}<//>`}`}</p>
  </section>`;
}

/** The file, once it is sure that whoever presses may still have it: a sign-in that ended is asked for over the page. */
function Download({ job }) {
  const [problem, fail] = useState(null);
  const href = `/api/v1/${pathOf(job)}/file/`;
  const press = async (event) => {
    event.preventDefault();
    fail(null);
    try {
      await get(`${pathOf(job)}/`);
      const link = document.createElement("a");
      Object.assign(link, { href, download: "" });
      link.click();
    } catch (found) {
      fail(found);
    }
  };
  return html`<a class="b s" href=${href} download onClick=${press}><${Icon} name="box" />${t("Download")}</a>${problem && html`<span class="small" role="alert">${words(problem)}</span>`}`;
}

/** Below the lists: what is under way, and what has just ended. */
export function Strip({ jobs, nav }) {
  const [hidden, hide] = useState([]);
  const shown = jobs.rows.filter((job) => !hidden.includes(job.id) && (isOpen(job) || now() - Date.parse(job.ended_at) < FRESH)).slice(0, 2);
  return html`<div class="jobs" aria-live="polite">${shown.map((job) => html`<${Job} key=${job.id} job=${job} nav=${nav} again=${jobs.again} onHide=${() => hide([...hidden, job.id])} />`)}</div>`;
}

/** All that is known of one job, with everybody who was left out. */
export function JobObject({ job, nav, again }) {
  const zone = place.get().time_zone;
  const when = (moment) => `${day(moment, zone)} ${clock(moment, zone)}`;
  return html`<div class="pc">
    <header class="row pvh"><h2 class="grow">${jobName(job)} <span class="faint">${spanName(job.from_date, job.to_date)}</span></h2></header>
    <div class="pb"><div class="card inner">
      <${Job} job=${job} nav=${nav} again=${again} whole />
      <dl class="dl"><dt>${t("Asked for by")}</dt><dd>${job.asked_by}, ${when(job.created_at)}</dd>
        ${job.ended_at && html`<dt>${t("Ended")}</dt><dd>${when(job.ended_at)}</dd>`}
        ${job.since_last && html`<dt>${t("What it holds")}</dt><dd>${t("only what no export of its kind held before")}</dd>`}
        ${job.sha256 && html`<dt>${t("Checksum")}</dt><dd class="sha">${job.sha256}</dd>`}</dl>
      ${job.skipped.length > 0 && html`<h3>${t("Left out")}</h3>
        <ul class="skips">${job.skipped.map((one, i) => html`<li key=${i}><a href=${`/billing/clients/${one.client}`}>${one.client_name}</a>: ${one.reasons.map(reasonName).join(", ")}</li>`)}</ul>`}
    </div></div>
  </div>`;
}
