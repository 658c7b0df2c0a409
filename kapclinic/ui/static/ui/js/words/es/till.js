// Spanish of what the front desk and the accounts say of a payment. Each key is the sentence as the code has it.
import { learn } from "../../core/i18n.js";

learn({
  "Amount, $": "Importe, $",
  "Another way": "De otra forma",
  "By bank transfer": "Por transferencia",
  "By card": "Con tarjeta",
  "In cash": "En efectivo",
  "By FSA card": "Con tarjeta FSA",
  "By HSA card": "Con tarjeta HSA",
  "Number of the check, or the card's last 4 digits": "Número del cheque o últimas 4 cifras de la tarjeta",
  "Paid by": "Pagado con",
  "By check": "Con cheque",
  "Received on": "Recibido el",
  "Reference": "Referencia",
  "Take a payment": "Cobrar un pago",
  "Take it": "Cobrarlo",
  "Type an amount such as 120.00.": "Escriba un importe como 120.00.",
  "Whole account": "Cuenta completa",
  "All of it": "Todo",
  "Owes nothing": "No debe nada",
  "Owes {amount}": "Debe {amount}",
  "The server has the payment: {amount}": "El servidor tiene el pago: {amount}",
  "{amount} in credit": "{amount} a favor",
  "It had reached the server at the first try, and was not written twice. If a second one is meant, enter it again.":
    "Había llegado al servidor al primer intento y no se escribió dos veces. Si se quiere una segunda, anótela de nuevo.",
  "No answer came to what you sent first, so it may have acted. Send that once more as it was, or close this and look.":
    "No llegó respuesta a lo primero que envió, así que puede haberse registrado. Envíelo otra vez tal como era, o cierre esto y compruébelo.",
  "It pays no charge by itself: it stays as credit until billing allocates it.":
    "No paga ningún cargo por sí solo: queda a favor hasta que facturación lo asigne.",
});
