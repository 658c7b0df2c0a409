// Spanish: lists, and what the pages that show them say alike.
import { learn } from "../../core/i18n.js";

learn({
  "Open the other one": "Abrir la otra",
  "Charges": "Cargos",
  "{amount} open": "{amount} pendiente",
  "There is no such client here": "Aquí no existe ese cliente",
  "Tab before, tab after": "Pestaña anterior, pestaña siguiente",
  "Print the page": "Imprimir la página",
  "{n} of {count}": "{n} de {count}",
  "Show more": "Mostrar más",
  "Open the PDF": "Abrir el PDF",
  "Scale": "Escala",
  "Voided": "Invalidado",
  "Stands": "Vigencia",
  "Period": "Período",
  "Open": "Pendiente",
  "edition {n}": "edición {n}",
  "Total": "Total",
});
