// What things are called at the bedside.
import { t } from "../core/i18n.js";
import { clock } from "../core/time.js";
import { triggerName } from "../record/triggers.js";

const BANDS = {
  go: () => t("in band"),
  review: () => t("look again"),
  amber: () => t("amber"),
  hold: () => t("hold the dose"),
  emergency: () => t("emergency"),
  red: () => t("red"),
};

export function bandWord(band) {
  return BANDS[band]?.() ?? band;
}

/** "ok", "med" or "high": how loud a band is. */
export function loudness(band) {
  if (band === "red" || band === "emergency") return "high";
  return band === "go" ? "ok" : "med";
}

const STAGES = {
  roomed: () => t("Roomed"),
  recovery: () => t("Recovery"),
  ready_to_leave: () => t("Ready to leave"),
};

/** [icon, word] of where somebody is. */
export function whereabouts(row) {
  const stage = row.stage?.stage;
  if (stage === "recovery") return ["moon", STAGES.recovery()];
  if (stage && STAGES[stage]) return ["door", STAGES[stage]()];
  if (row.status === "in_progress") return ["heart", t("In session")];
  if (row.status === "completed") return ["ok", t("Done")];
  return ["door", t("Arrived")];
}

/** "30-min check" */
export function checkName(check) {
  const kinds = {
    planned: () => (check.minute === 0 ? t("With the dose") : t("{minute}-min check", { minute: check.minute })),
    recheck: () => t("Recheck"),
    after_end: () => t("After the infusion"),
    before_leaving: () => t("Before leaving"),
  };
  return kinds[check.kind]?.() ?? t("Check");
}

/** "30-min check, 10:48", and of one that is late "30-min check, planned 10:43". */
export function checkWord(check, zone, late = false) {
  const values = { name: checkName(check), time: clock(check.planned_at, zone) };
  return late ? t("{name}, planned {time}", values) : t("{name}, {time}", values);
}

/** "100 mg" of "100.000": what the number says, and never rounded. */
export function mg(text) {
  return `${String(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")} mg`;
}

/** {title, detail, loud, did} of an alarm, `did` being what was written with its reading. `reading` and `check` are the rows that raised it, when they are known. */
export function alarmWords(alarm, reading, zone, check) {
  const time = clock(alarm.opened_at ?? alarm.created_at, zone);
  const since = t("since {time}", { time });
  if (alarm.cause === "check_late" || alarm.cause === "check_missed") {
    const detail = check?.reading ? t("{check}: taken too late", { check: checkWord(check, zone, true) }) // two of them may be late at once
      : check ? t("Nobody has taken it: {check}, {since}", { check: checkWord(check, zone, true), since })
      : t("Nobody has taken this reading, {since}", { since });
    return { title: alarm.cause === "check_late" || check?.reading ? t("Check late") : t("Check missed"), detail, loud: "high" };
  }
  if (alarm.cause === "red_trigger") {
    return { title: triggerName(alarm.trigger) ?? t("Emergency"), detail: since, loud: "high" };
  }
  const red = alarm.cause === "red_reading";
  const voided = Boolean(alarm.reading_voided ?? reading?.voided);
  const detail = [values(reading), since, voided && t("this reading was taken back")].filter(Boolean).join(", ");
  return { title: red ? t("Reading in the red band") : t("Reading in the amber band"), detail, loud: red ? "high" : "med", did: reading?.action_taken, voided };
}

/** "172/104, HR 86" of a reading, with a dash for what was not taken. */
export function values(reading) {
  if (!reading) return "";
  const pressure = `${reading.systolic ?? "–"}/${reading.diastolic ?? "–"}`;
  return `${pressure}, ${t("HR {n}", { n: reading.heart_rate ?? "–" })}`;
}

const SIGNS = {
  systolic: () => t("Systolic"),
  diastolic: () => t("Diastolic"),
  heart_rate: () => t("Heart rate"),
  spo2: () => "SpO₂",
  respiratory_rate: () => t("Breaths"),
  sedation: () => t("Sedation"),
  etco2: () => "EtCO₂",
};

export function signName(sign) {
  return SIGNS[sign]();
}
