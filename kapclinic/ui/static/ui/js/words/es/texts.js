// Spanish: the texts that clients sign, and a newer one. `tests/ui/test_words.py` finds what is missing.
import { learn } from "../../core/i18n.js";

learn({
  "A newer text: {document}": "Un texto más nuevo: {document}",
  "A text is never changed or taken away once it is on the server: a newer one follows it.":
    "Un texto no se cambia ni se quita una vez que está en el servidor: le sigue uno más nuevo.",
  "All texts": "Todos los textos",
  "An empty line ends a paragraph. A line that begins with # is a heading, with > a note, with - a point of a list.":
    "Una línea vacía termina un párrafo. Una línea que empieza con # es un título, con > una nota, con - un punto de una lista.",
  "As it is read": "Como se lee",
  "As it is written": "Como se escribe",
  "Choose a document on the left: its text is shown here.":
    "Elija un documento a la izquierda: aquí se muestra su texto.",
  "Choose its first day.": "Elija su primer día.",
  "Consent texts": "Textos de consentimiento",
  "From that day on clients can sign this document in {language}. Nothing that was signed before is asked for anew.":
    "Desde ese día los clientes pueden firmar este documento en {language}. Nada de lo firmado antes se vuelve a pedir.",
  "From {date} on a new signature is asked for from everybody who signed this document in {language} before. What was signed in another language stands.":
    "Desde el {date} se pide una firma nueva a quien firmó antes este documento en {language}. Lo firmado en otro idioma sigue valiendo.",
  "How it is shown": "Cómo se muestra",
  "It is in force from {date} on.": "Está vigente desde el {date}.",
  "Its first day": "Su primer día",
  "Its words": "Sus palabras",
  "Leave it for later": "Dejarlo para luego",
  "No text in this language": "Sin texto en este idioma",
  "Nobody can sign this document in this language: it has no text yet.":
    "Nadie puede firmar este documento en este idioma: aún no tiene texto.",
  "Put this text on the server": "Poner este texto en el servidor",
  "Shorten it: a text has {n} letters at most.": "Acórtelo: un texto tiene {n} letras como máximo.",
  "The newer one": "El más nuevo",
  "The text is on the server.": "El texto está en el servidor.",
  "Their next dose waits for it.": "Su próxima dosis espera a esa firma.",
  "There is no older text": "No hay un texto anterior",
  "This text ships with the software, as a template: the clinic's own words stand in its place once you write them.":
    "Este texto viene con el programa, como plantilla: las palabras propias de la clínica ocupan su lugar cuando usted las escriba.",
  "Throw it away": "Descartarlo",
  "Today it concerns {n} client in a course.": "Hoy afecta a {n} cliente en un tratamiento.",
  "Today it concerns {n} clients in a course.": "Hoy afecta a {n} clientes en un tratamiento.",
  "Type letters, digits, dots or dashes, ten at most.": "Escriba letras, cifras, puntos o guiones, diez como máximo.",
  "Version": "Versión",
  "Version {version}, as it ships": "Versión {version}, como viene",
  "Version {version}, since {date}": "Versión {version}, desde el {date}",
  "Version {version}, {language}": "Versión {version}, {language}",
  "Write a newer text": "Escribir un texto más nuevo",
  "Write the whole text: it has at least {n} letters.": "Escriba el texto entero: tiene al menos {n} letras.",
  "in force": "vigente",
  "no longer in force": "ya no vigente",
  "none in force": "ninguno vigente",
  "not in force yet": "aún no vigente",
  "{n} client has signed an older text in this language, and not this one.":
    "{n} cliente firmó un texto anterior en este idioma, y no este.",
  "{n} client has signed an older text in this language, and signs anew from {date} on.":
    "{n} cliente firmó un texto anterior en este idioma, y vuelve a firmar desde el {date}.",
  "{n} clients have signed an older text in this language, and not this one.":
    "{n} clientes firmaron un texto anterior en este idioma, y no este.",
  "{n} clients have signed an older text in this language, and sign anew from {date} on.":
    "{n} clientes firmaron un texto anterior en este idioma, y vuelven a firmar desde el {date}.",
  "version {version} from {date}": "versión {version} desde el {date}",
});
