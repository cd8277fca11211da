// (to come)
function volume(host) { return false; }
