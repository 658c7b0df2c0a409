// What settles a row of the worklist, by its kind: the one button that it is given, and whether a word is enough.

/** Kind -> which act. `acts.js` knows how each is done. */
const ACT = {
  integration_unbooked: "slot",
  integration_missed: "slot",
  integration_confirm: "confirm",
  waitlist_confirm: "confirm",
  confirm_again: "confirm",
  escort_again: "ride",
  client_untold: "tell",
  session_unstaffed: "move",
  move_requested: "move",
  slot_freed: "offer",
  integration_unrecorded: "day",
  session_left_open: "day",
  integration_no_slot: "day",
  dose_without_clearance: "plan",
  in_person_visit_due: "visit",
  alarm: "bedside",
  client_answered: "link",
  link_locked: "link",
};

/** Only a fact takes these off the list: ticked off before, they come back. */
const BY_FACT = new Set([
  "alarm", "safety_alert", "cssrs_today", "adverse_event_review", "adverse_event_follow_up", "adverse_event_root_cause",
  "note_cosign", "note_unsigned", "drug_loss", "drug_variance", "drug_form_106", "drug_inventory_due",
  "integration_unbooked", "integration_unrecorded", "session_unstaffed", "session_left_open", "session_to_bill", "estimate_due", "plan_overdue", "charge_overtaken",
  "reminder_undelivered", "rems_record", "clearance_review", "dose_without_clearance", "in_person_visit_due", "legal_rule_unchecked",
]);

export function actOf(task) {
  return ACT[task.kind] ?? (task.session ? "day" : null);
}

export function byFact(task) {
  return BY_FACT.has(task.kind);
}
