// What the totals of each scale say against the one before dose 1, as the server reckons it.
import { get } from "../core/api.js";
import { useEffect, useState } from "../core/h.js";
import { t } from "../core/i18n.js";

/** The scales that gave a total in this course. @param {any[]} measures of its timeline */
export function scalesOf(measures) {
  return [...new Set(measures.filter((row) => row.total !== null).map((row) => row.instrument))].sort();
}

/**
 * {rows, problem}: one outcome a scale; rows are null until they are known. Each question is a read that is logged: it is
 * asked when the course is.
 *
 * @param {any} course @param {string | undefined} program @param {any} turn
 * @returns {{rows: Api["OutcomesOut"][] | null, problem: any}}
 */
export function useOutcomes(course, program, turn) {
  const [state, set] = useState({ rows: null, problem: null });
  const scales = scalesOf(course?.measures ?? []);
  const key = course && JSON.stringify([program, scales]);
  useEffect(() => {
    let over = false;
    if (!key) return undefined;
    Promise.all(scales.map((instrument) => get(`programs/${program}/outcomes/`, { instrument }))).then(
      (rows) => over || set({ rows, problem: null }),
      (problem) => over || set((old) => ({ ...old, problem })),
    );
    return () => {
      over = true;
    };
  }, [key, turn]);
  return state;
}

/** "−11", "+3" */
export function signed(n) {
  return `${n < 0 ? "−" : n > 0 ? "+" : ""}${Math.abs(n)}`;
}

/** "−58 %" of the baseline; nothing where there is none, or it is 0. */
export function percentOf({ baseline, change }) {
  return baseline && change !== null ? `${signed(Math.round((change / baseline) * 100))} %` : "";
}

/** The strongest thing that is true of it. */
export function verdictOf({ response, remission, worsening }) {
  if (worsening) return t("worse");
  if (remission) return t("remission");
  return response ? t("response") : "";
}
