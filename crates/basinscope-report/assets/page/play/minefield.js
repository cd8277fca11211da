// (to come)
function minefield(host) { return false; }
