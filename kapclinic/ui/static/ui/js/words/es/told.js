// Spanish: fixed sentences of the API, by themselves: what is to be done, what lets a client go home, what a screening
// asks about. `tests/ui/test_words.py` finds what is missing.

export { GATES } from "./gates.js";
export { refusal } from "./refusals.js";

export const TOLD = {
  "Nothing: it is done.": "Nada: está hecho.",
  "Go to the client, then acknowledge the alarm with what was done.":
    "Vaya con el cliente y confirme la alarma con lo que se hizo.",
  "Speak to the client about their safety, then acknowledge the alert with what was done.":
    "Hable con el cliente sobre su seguridad y confirme la alerta con lo que se hizo.",
  "Speak to the client about their safety, then acknowledge with what was done.":
    "Hable con el cliente sobre su seguridad y confirme con lo que se hizo.",
  "Release the alert with a rationale once it is safe: until then no dose is given.":
    "Libere la alerta con una justificación cuando sea seguro: hasta entonces no se da ninguna dosis.",
  "Decide the screening.": "Decida el cribado.",
  "Write the order: the dose is booked and has none that is good when it begins.":
    "Escriba la orden: la dosis está reservada y no tiene ninguna que valga cuando empiece.",
  "Approve the dose above the cap, as a second prescriber.":
    "Apruebe la dosis por encima del tope, como segundo prescriptor.",
  "Read why a colleague passed a gate.": "Lea por qué un colega pasó una condición.",
  "Uphold or void the clearance that is suspended.": "Mantenga o anule la autorización que está suspendida.",
  "Screen again before the clearance ends.": "Haga otro cribado antes de que termine la autorización.",
  "Speak to the client, and acknowledge the alert.": "Hable con el cliente y confirme la alerta.",
  "Say whether doses may go on after the alert.": "Diga si las dosis pueden seguir después de la alerta.",
  "Review the adverse event.": "Revise el evento adverso.",
  "Call the client about the adverse event, and write a follow-up.":
    "Llame al cliente por el evento adverso y escriba un seguimiento.",
  "Find the cause of the serious event, and write it as a follow-up.":
    "Encuentre la causa del evento grave y escríbala como seguimiento.",
  "Answer the client's request to amend the record: accept it, deny it, or put it off once.":
    "Conteste a la petición del cliente de enmendar su expediente: acéptela, deniéguela o aplácela una vez.",
  "Look at the reads of somebody of another location, and say what you found.":
    "Mire lo que leyó alguien de otra sede y diga qué encontró.",
  "Read the note and cosign it.": "Lea la nota y fírmela también.",
  "Answer for the drug that is missing: explain it, or give notice to the DEA.":
    "Responda por el fármaco que falta: explíquelo o avise a la DEA.",
  "Answer for the difference in the drug ledger: explain it, or give notice to the DEA.":
    "Responda por la diferencia en el libro de fármacos: explíquela o avise a la DEA.",
  "File DEA Form 106.": "Presente el formulario 106 de la DEA.",
  "Look at the drug entry that one person made alone.":
    "Mire la anotación de fármacos que hizo una sola persona.",
  "Put the drug that was sent here into the safe.": "Meta en la caja fuerte el fármaco que se envió aquí.",
  "Count the drug safe.": "Cuente la caja fuerte de fármacos.",
  "Take the inventory of the drug safe.": "Haga el inventario de la caja fuerte de fármacos.",
  "Speak to the client, and say what was done.": "Hable con el cliente y diga qué se hizo.",
  "Call the client, and say what was done.": "Llame al cliente y diga qué se hizo.",
  "Book the integration inside its window.": "Reserve la integración dentro de su plazo.",
  "Call the client: the integration was missed.": "Llame al cliente: faltó a la integración.",
  "Say whether the integration took place.": "Diga si la integración tuvo lugar.",
  "Call the client, who has not confirmed the integration yet.":
    "Llame al cliente, que todavía no ha confirmado la integración.",
  "Look at the integration that is booked after its window.":
    "Mire la integración que está reservada después de su plazo.",
  "Look at the integration that came before its window: it is still owed.":
    "Mire la integración que fue antes de su plazo: se debe todavía.",
  "Find a slot for the integration of the planned dose.":
    "Busque un hueco para la integración de la dosis prevista.",
  "Offer the freed slot to the next client who waits.":
    "Ofrezca el hueco libre al siguiente cliente que espera.",
  "Call the client, who has not confirmed the new time yet.":
    "Llame al cliente, que todavía no ha confirmado la hora nueva.",
  "Look at the dose that was entered on papers made after it.":
    "Mire la dosis que se registró con papeles hechos después.",
  "Look through what was entered after the session.": "Repase lo que se anotó después de la sesión.",
  "Ask the client whether the new time is good.": "Pregunte al cliente si la hora nueva le va bien.",
  "Ask the escort again, then send the escort for the new time.":
    "Pregunte otra vez al acompañante y envíele la hora nueva.",
  "Call the client: the session that they know of is moved, changed or cancelled.":
    "Llame al cliente: la sesión que conoce se movió, cambió o se canceló.",
  "Call the client: the birth date that was entered at their link was wrong five times.":
    "Llame al cliente: en su enlace se escribió cinco veces mal la fecha de nacimiento.",
  "Find another time: the client asks for one.": "Busque otra hora: el cliente la pide.",
  "Read what the client answered by their link, and take it over.":
    "Lea lo que el cliente contestó por su enlace y páselo al expediente.",
  "Find somebody for the session, or move it.": "Busque a alguien para la sesión, o muévala.",
  "Take the C-SSRS with the client today.": "Haga hoy la C-SSRS con el cliente.",
  "See the client in person before the day from which the law asks for it.":
    "Vea al cliente en persona antes del día desde el que la ley lo pide.",
  "Look whether the rule of law is extended, and add what follows it.":
    "Mire si la norma legal se prorroga y añada la que la sigue.",
  "Look at the rule of law again, and add it with today's date.":
    "Mire otra vez la norma legal y añádala con la fecha de hoy.",
  "End the session: complete it, or cancel it with a reason.":
    "Termine la sesión: complétela, o cancélela con un motivo.",
  "Write the note of the session and sign it.": "Escriba la nota de la sesión y fírmela.",
  "Charge the session, or see what holds that back.": "Cobre la sesión, o mire qué lo impide.",
  "Reverse the charge: the record does not bear it out any more.":
    "Revierta el cargo: el expediente ya no lo respalda.",
  "Look at both accounts: a merge was taken back, and money or terms of one served the other.":
    "Mire las dos cuentas: se deshizo una unión, y el dinero o las condiciones de uno sirvieron al otro.",
  "Issue the Good Faith Estimate that is owed to the client.":
    "Emita el presupuesto de buena fe que se debe al cliente.",
  "Call the client: a part of the payment plan is overdue.":
    "Llame al cliente: una parte del plan de pago está vencida.",
  "Call the clients who come next, and have mail set up: reminders reach nobody.":
    "Llame a los próximos clientes y haga configurar el correo: los recordatorios no llegan a nadie.",
  "Complete the REMS form and submit it.": "Complete el formulario REMS y envíelo.",
  "Send the change of the form to the REMS.": "Envíe al REMS el cambio del formulario.",
  "Decide on the clearance that is suspended: uphold it or void it.":
    "Decida sobre la autorización suspendida: manténgala o anúlela.",
  "Screen the client again before the clearance ends.":
    "Evalúe otra vez al cliente antes de que termine la autorización.",
  "Look at the booked dose: no clearance stands for it.":
    "Mire la dosis reservada: ninguna autorización vale para ella.",
  "The minimum stay is over": "Ha pasado la estancia mínima",
  "Vital signs are fresh, and in band or near the baseline":
    "Los signos vitales son recientes, y están en rango o cerca de los de partida",
  "No red alarm waits": "No espera ninguna alarma roja",
  "Fully awake": "Está despierto del todo",
  "Oriented": "Está orientado",
  "Walks unaided": "Camina sin ayuda",
  "Symptoms are tolerable": "Los síntomas son tolerables",
  "Safety concerns are addressed": "Las dudas de seguridad están atendidas",
  "Written instructions are given": "Se han dado instrucciones por escrito",
  "The escort is here": "El acompañante está aquí",
  "Each draw is settled": "Cada extracción está cerrada",
  "The integration is booked": "La integración está reservada",
  "The adult stays with the client": "El adulto se queda con el cliente",
  "The minimum stay is not over.": "La estancia mínima no ha pasado.",
  "The last vital signs are too old, or neither in band nor near the baseline.":
    "Los últimos signos vitales son viejos, o no están ni en rango ni cerca de los de partida.",
  "A red alarm waits to be acknowledged.": "Una alarma roja espera confirmación.",
  "The client is not fully awake.": "El cliente no está despierto del todo.",
  "The escort is not there.": "El acompañante no está.",
  "Orientation is not confirmed.": "No consta que esté orientado.",
  "Walking unaided is not confirmed.": "No consta que camine sin ayuda.",
  "Tolerable symptoms are not confirmed.": "No consta que los síntomas sean tolerables.",
  "Safety concerns are not confirmed as addressed.": "No consta que las dudas de seguridad estén atendidas.",
  "Written instructions are not confirmed as given.": "No consta que se dieran instrucciones por escrito.",
  "Say of each draw what was given and what was wasted.":
    "Diga de cada extracción qué se dio y qué se desechó.",
  "It is not booked yet: its row stays on the worklist, and it keeps nobody.":
    "Todavía no está reservada: su fila sigue en la lista de tareas, y no retiene a nadie.",
  "The adult who is to stay with the client is not there.":
    "El adulto que debe quedarse con el cliente no está.",
  "Uncontrolled high blood pressure": "Hipertensión no controlada",
  "Aneurysmal vascular disease or arteriovenous malformation":
    "Enfermedad vascular aneurismática o malformación arteriovenosa",
  "History of bleeding inside the brain": "Antecedente de hemorragia intracerebral",
  "Allergy to ketamine, esketamine or an excipient": "Alergia a la ketamina, la esketamina o un excipiente",
  "Heart attack or stroke in the last 6 weeks (relative: longer ago)":
    "Infarto o ictus en las últimas 6 semanas (relativa: hace más)",
  "Unstable or severe heart disease, decompensated failure, arrhythmia (relative: stable, with cardiology note)":
    "Cardiopatía inestable o grave, insuficiencia descompensada, arritmia (relativa: estable, con informe de cardiología)",
  "Eclampsia or pre-eclampsia": "Eclampsia o preeclampsia",
  "Pregnant": "Embarazo",
  "Breastfeeding": "Lactancia",
  "Psychosis now, or a schizophrenia-spectrum disorder":
    "Psicosis actual, o un trastorno del espectro de la esquizofrenia",
  "Past psychosis, or strong family history of it": "Psicosis pasada, o claros antecedentes familiares",
  "Mania, hypomania or a mixed episode now": "Manía, hipomanía o episodio mixto actual",
  "Bipolar disorder, euthymic or depressed": "Trastorno bipolar, eutímico o deprimido",
  "Active substance use disorder, or ketamine or PCP use disorder":
    "Trastorno activo por consumo de sustancias, o por ketamina o PCP",
  "Substance use disorder in remission": "Trastorno por consumo de sustancias en remisión",
  "Untreated hyperthyroidism (info: treated, or on thyroid hormone)":
    "Hipertiroidismo sin tratar (información: tratado, o con hormona tiroidea)",
  "Raised intracranial pressure, mass, hydrocephalus or recent head injury":
    "Hipertensión intracraneal, masa, hidrocefalia o traumatismo craneal reciente",
  "Glaucoma, raised eye pressure, eye surgery or injury":
    "Glaucoma, tensión ocular alta, cirugía o lesión ocular",
  "Severe liver disease, Child-Pugh C (relative: A or B)":
    "Hepatopatía grave, Child-Pugh C (relativa: A o B)",
  "Interstitial cystitis or unexplained bladder symptoms (absolute: caused by ketamine)":
    "Cistitis intersticial o síntomas vesicales sin explicar (absoluta: por ketamina)",
  "Epilepsy or seizures": "Epilepsia o convulsiones",
  "Sleep apnoea or severe lung disease": "Apnea del sueño o neumopatía grave",
  "Delirium (relative: dementia)": "Delirio (relativa: demencia)",
  "Dissociative disorder or severe personality disorder":
    "Trastorno disociativo o trastorno grave de la personalidad",
  "Suicidal thoughts with intent or plan": "Ideas de suicidio con intención o plan",
  "Cannot consent, or treatment is court-ordered": "No puede consentir, o el tratamiento es por orden judicial",
  "Below the protocol's lowest age": "Por debajo de la edad mínima del protocolo",
  "65 or older: lower start, longer watch": "65 años o más: empezar más bajo y observar más tiempo",
  "No escort home": "Sin acompañante para volver a casa",
  "Post-traumatic stress disorder": "Trastorno de estrés postraumático",
};
