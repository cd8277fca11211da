// (to come)
function landscape(host) { return false; }
