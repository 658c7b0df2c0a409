// Spanish of the waitlist. Each key is the sentence as the code has it.
import { learn } from "../../core/i18n.js";

learn({
  "Also waiting": "También esperan",
  "Book it": "Reservarla",
  "Call within": "Llame en",
  "Call: {due}": "Llamar: {due}",
  "Does not want it": "No la quiere",
  "Either": "Cualquiera de los dos",
  "No: the client is called first": "No: primero se llama al cliente",
  "Nobody is called for it any more": "Ya no se llama a nadie por ella",
  "Declined or not reached": "No quiere o no contesta",
  "Declined or not reached…": "No quiere o no contesta…",
  "Offered: call these": "Ofrecidas: llame a estos",
  "On the waitlist: {name}": "En la lista de espera: {name}",
  "Take off the waitlist…": "Quitar de la lista de espera…",
  "Waits for {time} more": "Espera {time} más",
  "Without asking": "Sin preguntar",
  "until {when}": "hasta {when}",
  "{n} wait": "{n} esperan",
  "{n} waits": "{n} espera",
  "Show that day": "Ver ese día",
});
