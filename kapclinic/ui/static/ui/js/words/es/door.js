// Spanish: signing in, a password and second factors of one's own.
import { learn } from "../../core/i18n.js";

learn({
  "Preparation, dosing, integration.": "Preparación, dosis, integración.",
  "Every dose followed up.": "Cada dosis, con seguimiento.",
  "This may be a shared device: you are signed out after a while without a touch. What you open is written to the access log.":
    "Este dispositivo puede ser compartido: su sesión se cierra tras un rato sin uso. Lo que abre queda en el registro de accesos.",
  "On this tablet, not sent: {count} of {name}.": "En esta tableta, sin enviar: {count} de {name}.",
  "They are kept. They are sent when {name} signs in.": "Están guardadas. Se envían cuando entre {name}.",
  "Add a passkey…": "Añadir una llave de acceso…",
  "Authenticator app": "Aplicación de códigos",
  "Beside your password you show something that you have. Whoever knows your password alone does not get in.":
    "Además de su contraseña, muestra algo que tiene. Quien solo sabe su contraseña no entra.",
  "Code of six digits": "Código de seis cifras",
  "I have kept them": "Ya los guardé",
  "It counts no longer then.": "Entonces deja de valer.",
  "No passkey was made. Try once more.": "No se creó ninguna llave de acceso. Inténtelo otra vez.",
  "Open the app on this device": "Abrir la aplicación en este dispositivo",
  "Passkey": "Llave de acceso",
  "Picture for the authenticator app": "Imagen para la aplicación de códigos",
  "Remove it": "Quitarlo",
  "Remove {name}…": "Quitar {name}…",
  "Remove…": "Quitar…",
  "Set up an authenticator app…": "Configurar una aplicación de códigos…",
  "Since {day}, last used {last}": "Desde el {day}, último uso el {last}",
  "Take this picture with the app, or type the letters into it. Then type the code that it shows.":
    "Lea esta imagen con la aplicación o escriba en ella las letras. Luego escriba aquí el código que muestra.",
  "They are shown this once, and those of before count no longer. Each lets you in once when your second factor is lost. Keep them on paper, away from this device.":
    "Se muestran solo esta vez, y los de antes dejan de valer. Cada uno permite entrar una vez si pierde su segundo factor. Guárdelos en papel, lejos de este dispositivo.",
  "This browser, or this address, knows no passkeys: they need https.":
    "Este navegador o esta dirección no admite llaves de acceso: requieren https.",
  "This clinic asks everybody for a second factor. Nothing else opens before you have one.":
    "Esta clínica pide a todos un segundo factor. Nada más se abre hasta que tenga uno.",
  "This code is right": "Confirmar el código",
  "What do you call it?": "¿Cómo lo llama?",
  "Without it your password alone lets you in.": "Sin él, su contraseña sola le deja entrar.",
  "You have none yet.": "Aún no tiene ninguno.",
  "You need an app on your telephone that shows codes of six digits.":
    "Necesita en su teléfono una aplicación que muestre códigos de seis cifras.",
  "A passkey lives in this device, in your telephone or in a key that you plug in.":
    "Una llave de acceso vive en este dispositivo, en su teléfono o en una llave que se enchufa.",
  "Your recovery codes": "Sus códigos de recuperación",
  "{n} recovery code is left. A new second factor brings ten new ones.":
    "Queda {n} código de recuperación. Un segundo factor nuevo trae otros diez.",
  "{n} recovery codes are left. A new second factor brings ten new ones.":
    "Quedan {n} códigos de recuperación. Un segundo factor nuevo trae otros diez.",
  "Your password is changed. Every other place where you were signed in is signed out.":
    "Su contraseña ha cambiado. Se cerró su sesión en los demás lugares.",
  "Present password": "Contraseña actual",
  "Somebody else set the password that you have. Choose one of your own: until then nothing else opens.":
    "La contraseña que tiene la puso otra persona. Elija una propia: hasta entonces no se abre nada más.",
});
