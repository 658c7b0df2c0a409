// The bands of a reading, as the server judges it (sessions/monitoring/rules). The tablet judges by itself while no
// server answers; `tests/vectors/` hold the two to the same answers.
//
// `vitals` has a number or null for each sign; `bands` is the protocol's table; moments are ms.

export const PRESSURE = ["systolic", "diastolic"];
export const NEEDED = [...PRESSURE, "heart_rate"];
export const SEVERITY = ["go", "review", "amber", "hold", "emergency", "red"];
const ETCO2 = { go: [30, 50], red: [15, 60] }; // of protocols that were approved before these stood in them
const EXTREME = { systolic: [80, 250], diastolic: [40, 150], heart_rate: [40, 180] };

const has = (vitals, sign) => vitals?.[sign] !== null && vitals?.[sign] !== undefined;
const within = (value, [low, high]) => low <= value && value <= high;

export function worst(found) {
  const all = Object.values(found);
  return all.length ? all.reduce((one, other) => (SEVERITY.indexOf(other) > SEVERITY.indexOf(one) ? other : one)) : "go";
}

function extremes(vitals, bands) {
  const edges = { ...EXTREME, ...bands.extreme };
  return Object.keys(edges).filter((sign) => has(vitals, sign) && !within(vitals[sign], edges[sign]));
}

function all(signs, word) {
  return Object.fromEntries(signs.map((sign) => [sign, word]));
}

function etco2(value, bands, milder, most) {
  const limits = { ...ETCO2, ...bands.etco2 };
  if (!within(value, limits.red)) return most;
  return within(value, limits.go) ? "go" : milder;
}

function rangeBefore(value, band, emergency) {
  if (!within(value, emergency)) return "emergency";
  if (!within(value, band.hold)) return "hold";
  return within(value, band.go) ? "go" : "review";
}

const BEFORE = {
  pressure(value, index, bp) {
    if (value > bp.red_single[index]) return "emergency";
    if (value > bp.hold[index]) return "hold";
    return value > bp.go[index] ? "review" : "go";
  },
  spo2(value, band) {
    if (value < band.emergency) return "emergency";
    if (value < band.hold) return "hold";
    return value >= band.go ? "go" : "review";
  },
};

/** go, review, hold or emergency for each sign that was taken before the dose. */
export function beforeDose(vitals, bands) {
  const found = {};
  PRESSURE.forEach((sign, index) => {
    if (has(vitals, sign)) found[sign] = BEFORE.pressure(vitals[sign], index, bands.bp);
  });
  if (has(vitals, "heart_rate")) found.heart_rate = rangeBefore(vitals.heart_rate, bands.hr, [0, 999]);
  if (has(vitals, "spo2")) found.spo2 = BEFORE.spo2(vitals.spo2, bands.spo2);
  if (has(vitals, "respiratory_rate")) {
    found.respiratory_rate = rangeBefore(vitals.respiratory_rate, bands.rr, bands.rr.red);
  }
  if (has(vitals, "sedation")) found.sedation = vitals.sedation >= bands.sedation.go ? "go" : "hold";
  if (has(vitals, "etco2")) found.etco2 = etco2(vitals.etco2, bands, "review", "emergency");
  return { ...found, ...all(extremes(vitals, bands), "emergency") };
}

function lowIsBad(value, red, amber) {
  if (value < red) return "red";
  return value < amber ? "amber" : "go";
}

function pressureSince(value, index, bp, repeated) {
  if (value > bp.red_single[index] || (value > bp.red[index] && repeated)) return "red";
  return value > bp.hold[index] ? "amber" : "go";
}

function heartSince(value, hr, repeated) {
  if (value < hr.red_low || (value > hr.red_high && repeated)) return "red";
  return within(value, hr.hold) ? "go" : "amber";
}

/** go, amber or red for each sign after the dose. `before` and `between` are as `repeatOf` finds them. */
export function sinceDose(vitals, bands, before, between) {
  const { bp, hr, spo2, rr, sedation } = bands;
  const above = (row, sign, limit) => has(row, sign) && row[sign] > limit;
  const high = PRESSURE.some((sign, index) => above(before, sign, bp.red[index]));
  const fast = [before, ...between].every((row) => above(row, "heart_rate", hr.red_high));
  const found = all(NEEDED, "amber"); // what could not be had is measured again
  PRESSURE.forEach((sign, index) => {
    if (has(vitals, sign)) found[sign] = pressureSince(vitals[sign], index, bp, high);
  });
  if (has(vitals, "heart_rate")) found.heart_rate = heartSince(vitals.heart_rate, hr, fast);
  if (has(vitals, "spo2")) found.spo2 = lowIsBad(vitals.spo2, spo2.red, spo2.hold);
  if (has(vitals, "respiratory_rate")) {
    const low = lowIsBad(vitals.respiratory_rate, rr.red[0], rr.hold[0]);
    found.respiratory_rate = vitals.respiratory_rate > rr.red[1] ? "red" : low;
  }
  if (has(vitals, "sedation")) found.sedation = lowIsBad(vitals.sedation, sedation.red + 1, sedation.amber + 1);
  if (has(vitals, "etco2")) found.etco2 = etco2(vitals.etco2, bands, "amber", "red");
  return { ...found, ...all(extremes(vitals, bands), "red") };
}

/** [what stood at least `minutes` before, the heart rates since then]; `earlier` is [[ms, vitals], …], oldest first. */
export function repeatOf(at, earlier, minutes) {
  const latest = at - minutes * 60000;
  const rows = earlier.filter(([taken]) => taken <= latest).map(([, vitals]) => vitals);
  const between = earlier.filter(([taken]) => taken > latest && taken < at).map(([, vitals]) => vitals);
  const pressure = rows.findLast((row) => PRESSURE.some((sign) => has(row, sign)));
  const heart = rows.findLast((row) => has(row, "heart_rate"));
  const stood = {
    ...(pressure && { systolic: pressure.systolic, diastolic: pressure.diastolic }),
    ...(heart && { heart_rate: heart.heart_rate }),
  };
  return [Object.keys(stood).length ? stood : null, between.filter((row) => has(row, "heart_rate"))];
}

/** The bands of a reading beside the other standing ones, before or after the first dose (`dosedAt` or null). */
export function bandsAt(at, vitals, bands, others, dosedAt) {
  if (dosedAt === null || at <= dosedAt) return beforeDose(vitals, bands);
  const earlier = others.filter(([taken]) => taken > dosedAt && taken < at).sort((a, b) => a[0] - b[0]);
  return sinceDose(vitals, bands, ...repeatOf(at, earlier, bands.bp.recheck_min));
}
