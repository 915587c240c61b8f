// How the page looks and sounds: light or dark, with or without sound, chat or world on a narrow screen.
import { byId, redraw } from "./dom.js";

const TONES = [880, 1175];
let audio = null;
let sounds = false;

/** Two short tones, if the user has switched sound on. */
export function beep() {
  if (!sounds) return;
  TONES.forEach((tone, index) => sound(tone, audio.currentTime + index * 0.16));
}

function sound(tone, at) {
  const source = audio.createOscillator();
  const volume = audio.createGain();
  source.frequency.value = tone;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.15, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + 0.32);
}

function switchSound() {
  sounds = !sounds;
  audio ??= new AudioContext();
  audio.resume();
  byId("sound").setAttribute("aria-pressed", String(sounds));
  redraw(byId("sound"), sounds ? "sound-on" : "sound-off");
  beep();
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : systemDark.matches;
}

function showTheme() {
  byId("theme").setAttribute("aria-pressed", String(isDark()));
}

function switchTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  showTheme();
}

function switchView(view) {
  document.documentElement.dataset.view = view;
  document.querySelectorAll(".views button").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
    button.classList.remove("waiting");
  });
}

export function setUpLooks() {
  byId("sound").onclick = switchSound;
  byId("theme").onclick = switchTheme;
  systemDark.onchange = showTheme;
  document.querySelectorAll(".views button").forEach((button) => {
    button.onclick = () => switchView(button.dataset.view);
  });
  showTheme();
  if (matchMedia("(min-width: 48rem)").matches) byId("say").focus();
}
