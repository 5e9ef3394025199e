// Pages before sign-in work without script; this only makes them kinder.
import { startReveals } from "./reveal.js";
import { startSession } from "./session.js";

startReveals();
startSession();
