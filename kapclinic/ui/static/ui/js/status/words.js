// What the figures of /status are called, and what to do about each concern.
import { t } from "../core/i18n.js";

/** @type {() => Record<string, [string, string]>} a concern → what is wrong, and where to begin */
const CONCERNS = () => ({
  step_late: [t("Periodic work is behind"), t("Look whether the workers run, then at their log.")],
  checks_wait: [t("Vital signs have waited for more than 15 minutes"), t("Tell the ward. Whoever is there sees which on their own page.")],
  alarms_wait: [t("An alarm has been open for more than an hour"), t("Tell the medical director.")],
  broker_away: [t("The broker does not answer"), t("Nothing is lost. Start Valkey again; until then the workers go by their own clock.")],
  queue_waits: [t("A queue waits for a worker"), t("Start a worker, or one more.")],
  messages_dead: [t("Messages were given up"), t("Mend mail or SMS first, then send them again.")],
  outbox_waits: [t("Messages do not leave"), t("Look at the mail server and the SMS gateway.")],
  connections_full: [t("The database has few connections left"), t("Fewer processes, or a pooler.")],
  partition_lacking: [t("A month has no partition"), t("The next pass makes it. If it stays, look at the log.")],
  anchors_fail: [t("The ends of the audit trail are not kept outside"), t("Look at the log of the workers, then run verify_audit.")],
  field_keys_wrong: [t("The keys are not those of this record"), t("Nothing is lost. Set the right FIELD_KEYS and start again.")],
  database_log_tells: [t("The database writes texts of the record into its log"), t("Set what the operations page names, and restart it.")],
  backups_fail: [t("Backups do not come, or are too old"), t("Look at status.json beside the backups, then at the log of their service.")],
});

const KINDS = () => ({
  "checks due": t("On time until now"),
  "checks late": t("Marked as late"),
  new: t("Up to 5 minutes"),
  waiting: t("Up to an hour"),
  old: t("Older"),
  overdue: t("Past their time"),
  due: t("Not booked"),
  booked: t("With a session"),
  missed: t("Past the window"),
  email: t("By e-mail"),
  sms: t("By SMS"),
});

/** @returns {[string, string]} */
export const concernOf = (code) => CONCERNS()[code] ?? [code, ""];
export const kindOf = (what, kind) => KINDS()[`${what} ${kind}`] ?? KINDS()[kind] ?? kind;

export const TITLES = () => ({
  checks: t("Vital signs that wait"),
  alarms: t("Alarms that are open"),
  alerts: t("Safety alerts that nobody acknowledged"),
  obligations: t("Integrations owed"),
  tasks: t("Rows of worklists"),
  outbox: t("Messages that should have left"),
  retrying: t("Messages that failed at least once"),
  dead: t("Messages given up"),
});
