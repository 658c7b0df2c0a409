// What adverse events are called, at the bedside and in the record.
import { t } from "../core/i18n.js";

export const TERMS = () => [
  ["nausea", t("Nausea")],
  ["vomiting", t("Vomiting")],
  ["dizziness", t("Dizziness")],
  ["headache", t("Headache")],
  ["confusion", t("Confusion")],
  ["disorientation", t("Disorientation")],
  ["emotional_distress", t("Crying or emotional distress")],
  ["dissociation", t("Dissociation")],
  ["anxiety", t("Anxiety or panic")],
  ["agitation", t("Agitation")],
  ["hallucination", t("Hallucination")],
  ["sedation", t("Sedation")],
  ["loss_of_consciousness", t("Loss of consciousness")],
  ["hypertension", t("High blood pressure")],
  ["tachycardia", t("Fast heart")],
  ["bradycardia", t("Slow heart")],
  ["desaturation", t("Low oxygen")],
  ["respiratory_depression", t("Shallow breathing")],
  ["chest_pain", t("Chest pain")],
  ["syncope_fall", t("Faint or fall")],
  ["seizure", t("Seizure")],
  ["laryngospasm", t("Closed throat, much saliva")],
  ["allergy", t("Allergy")],
  ["blurred_vision", t("Blurred or double vision")],
  ["urinary_symptoms", t("Urinary symptoms")],
  ["suicidality", t("Suicidal thoughts or acts")],
  ["injection_site", t("Reaction where it was injected")],
  ["misuse_concern", t("Misuse or diversion")],
  ["other", t("Something else")],
];

/** @param {string} term */
export function termName(term) {
  return TERMS().find(([code]) => code === term)?.[1] ?? term;
}
