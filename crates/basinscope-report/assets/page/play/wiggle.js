// (to come)
function wiggle(host) { return false; }
