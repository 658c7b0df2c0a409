// Spanish: signing a consent. `tests/ui/test_words.py` finds what is missing.
import { learn } from "../../core/i18n.js";

learn({
  "A guardian of the client": "Tutor o tutora del cliente",
  "A proxy of the client in matters of health": "Representante del cliente para la salud",
  "A signature is drawn.": "Hay una firma dibujada.",
  "Drawn by hand": "Dibujada a mano",
  "For {name}. Version {version}.": "Para {name}. Versión {version}.",
  "How it is signed": "Cómo se firma",
  "Name of who signs": "Nombre de quien firma",
  "Not sent: the signature is on this page alone.": "Sin enviar: la firma está solo en esta página.",
  "Nothing is drawn on it: let them sign.": "No hay nada dibujado: que firme.",
  "Nothing is drawn yet. Who can't draw types their name instead.":
    "Aún no hay nada dibujado. Quien no puede dibujar escribe su nombre.",
  "Sign": "Firmar",
  "Sign here, with a finger or a pen": "Firme aquí, con el dedo o un lápiz",
  "The client, for themselves": "El cliente, por sí mismo",
  "The consent is signed.": "El consentimiento está firmado.",
  "The text": "El texto",
  "The typed name is the signature.": "El nombre escrito es la firma.",
  "Typed name": "Nombre escrito",
  "Who signs": "Quién firma",
  "Wipe it": "Borrarla",
  "Write the whole name.": "Escriba el nombre completo.",
});
