// What every page with a shell starts.
import { startBeat } from "./beat.js";
import { startKeys } from "./keys.js";
import { startMenus } from "./menu.js";
import { startReveals } from "./reveal.js";
import { startSession } from "./session.js";
import { startToasts } from "./toast.js";

startMenus();
startToasts();
startKeys();
startReveals();
startSession();
startBeat();
document.documentElement.dataset.ready = "";
