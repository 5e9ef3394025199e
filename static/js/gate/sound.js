// What a result sounds and feels like. Sound can be muted; vibration stays.

const TONES = {
  in: { beeps: [[880, 90]], shake: 60 },
  out: { beeps: [[660, 90]], shake: 60 },
  watch: { beeps: [[660, 110], [660, 110]], shake: [60, 60, 60, 60, 60] },
  stop: { beeps: [[220, 260], [180, 380]], shake: 400 },
  lockdown: { beeps: [[220, 260], [180, 380]], shake: 400 },
  saved: { beeps: [], shake: 60 },
};
const GAP = 0.07;
let audio = null;

export const muted = {
  get on() {
    return localStorage.getItem("gate-muted") === "1";
  },
  set on(value) {
    localStorage.setItem("gate-muted", value ? "1" : "0");
  },
};

export function signal(tone) {
  const { beeps, shake } = TONES[tone];
  navigator.vibrate?.(shake);
  if (!muted.on && beeps.length) play(beeps);
}

function play(beeps) {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
    let at = audio.currentTime;
    for (const [pitch, long] of beeps) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.25, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + long / 1000);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + long / 1000);
      at += long / 1000 + GAP;
    }
  } catch {
    // A browser without sound is no reason to stop scanning.
  }
}
