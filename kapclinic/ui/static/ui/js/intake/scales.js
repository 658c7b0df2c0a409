// The instruments as they are asked here: how many items and answers. Words are kept of PHQ-9 and GAD-7 alone, which
// everybody may reproduce: developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with
// an educational grant from Pfizer Inc. Every other scale is asked from its own sheet, by the numbers of its items.
import { t } from "../core/i18n.js";

/**
 * `items` that are scored from 0 to `high`, then `more` that are not. `most`: a total may be written in place of the
 * answers, up to that one; `alert`: the item about wanting to die and the answer from which it raises an alert, unless the
 * course's protocol says another; `open`: the answer 0 is no answer.
 */
export const SCALES = {
  phq9: { items: 9, high: 3, more: 1 },
  gad7: { items: 7, high: 3, more: 0 },
  cssrs: { items: 7, high: 1, more: 0, forms: ["lifetime_recent", "since_last_contact"] },
  audit_c: { items: 3, high: 4, more: 0 },
  dast10: { items: 10, high: 1, more: 0, most: 10 },
  pcl5: { items: 20, high: 4, more: 0 },
  qids_sr16: { items: 16, high: 3, more: 0, most: 27, alert: [12, 2] },
  madrs: { items: 10, high: 6, more: 0, most: 60, alert: [10, 4] },
  cadss: { items: 23, high: 4, more: 0, most: 92 },
  bprs: { items: 18, high: 7, more: 0, open: true },
};

const OFTEN = () => [t("Not at all"), t("Several days"), t("More than half the days"), t("Nearly every day")];
const HARD = () => [t("Not difficult at all"), t("Somewhat difficult"), t("Very difficult"), t("Extremely difficult")];
const WORDED = {
  phq9: () => [
    t("Little interest or pleasure in doing things"),
    t("Feeling down, depressed, or hopeless"),
    t("Trouble falling or staying asleep, or sleeping too much"),
    t("Feeling tired or having little energy"),
    t("Poor appetite or overeating"),
    t("Feeling bad about yourself — or that you are a failure or have let yourself or your family down"),
    t("Trouble concentrating on things, such as reading the newspaper or watching television"),
    t("Moving or speaking so slowly that other people could have noticed? Or the opposite — being so fidgety or restless that you have been moving around a lot more than usual"),
    t("Thoughts that you would be better off dead or of hurting yourself in some way"),
    t("If you checked off any problems, how difficult have these problems made it for you to do your work, take care of things at home, or get along with other people?"),
  ],
  gad7: () => [
    t("Feeling nervous, anxious or on edge"),
    t("Not being able to stop or control worrying"),
    t("Worrying too much about different things"),
    t("Trouble relaxing"),
    t("Being so restless that it is hard to sit still"),
    t("Becoming easily annoyed or irritable"),
    t("Feeling afraid as if something awful might happen"),
  ],
};
const SUICIDE = () => [t("Question 1"), t("Question 2"), t("Question 3"), t("Question 4"), t("Question 5"), t("Question 6, in the lifetime"), t("Question 6, in the past 3 months")];

export function leadOf(key) {
  return key in WORDED ? t("Over the last 2 weeks, how often have you been bothered by any of the following problems?") : t("Asked from the sheet of the instrument, by the numbers of its items.");
}

/** Whose it is, where its words stand here. */
export function noticeOf(key) {
  return key in WORDED ? t("Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant from Pfizer Inc. No permission required to reproduce, translate, display or distribute.") : "";
}

/** Items as they are asked: [{text, answers: [{value, word}]}]. */
export function itemsOf(key, form) {
  const { items, high, more } = SCALES[key];
  const texts = WORDED[key]?.();
  const count = key === "cssrs" && form === "since_last_contact" ? 6 : items + more;
  return Array.from({ length: count }, (_, index) => ({
    text: texts?.[index] ?? (key === "cssrs" ? (count === 6 && index === 5 ? t("Question 6") : SUICIDE()[index]) : t("Item {n}", { n: index + 1 })),
    unscored: index >= items,
    answers: answersOf(key, high, index >= items),
  }));
}

function answersOf(key, high, unscored) {
  if (high === 1) return [{ value: 0, word: t("No") }, { value: 1, word: t("Yes") }];
  if (SCALES[key].open) return Array.from({ length: high + 1 }, (_, value) => ({ value, word: value ? String(value) : t("0 not assessed") }));
  const words = key in WORDED ? (unscored ? HARD() : OFTEN()) : [];
  return Array.from({ length: high + 1 }, (_, value) => ({ value, word: words[value] ? `${value} ${words[value]}` : String(value) }));
}

/** Is this item left without an answer that counts? */
export function isOpen(key, answer) {
  return answer === undefined || (answer === 0 && !!SCALES[key].open);
}

/** {item, lowest}: the item about wanting to die and the answer from which it raises an alert; null where none is asked. */
export function dangerOf(key, protocol) {
  const usual = SCALES[key].alert;
  if (!usual) return null;
  const [item, lowest] = protocol.limits.alert_items?.[key] ?? usual;
  return { item, lowest };
}

const FORMS = { lifetime_recent: () => t("Lifetime and recent"), since_last_contact: () => t("Since the last contact") };

export function formName(form) {
  return FORMS[form]?.() ?? form;
}
