// A client in a line, as dialogs of the desk name them: in full, since whoever acts must know whom it is about.

export function nameOf(row) {
  return `${row.chosen_name || row.legal_first_name} ${row.legal_last_name}`;
}

/** A client as the booking dialog takes one. */
export function picked(row) {
  return { id: row.id, name: nameOf(row), mrn: row.mrn, born: row.date_of_birth };
}
