# The table of rows (../cortex_m/rows.sh), then the goals, each at the level of optimisation where it is worst.
BEGIN {
  # Instructions per call of the peers: see the head of aarch64.sh.
  peers("larq", "16x16x32 107366 8x8x64 88590 8x8x128 287531 16x16x256 4452022")
  peers("dabnn", "8x8x64 102967 8x8x128 293549 16x16x256 4711698")
  peers("ruy_dotprod", "16x16x32 272688 8x8x64 232174 8x8x128 852971 16x16x256 13098798")
  peers("ruy_neon", "16x16x32 673830 8x8x64 606866 8x8x128 2298139 16x16x256 35793678")
  shapes = split("16x16x32 8x8x64 8x8x128 16x16x256", shape_list, " ")
  printf "%-16s %-5s %-13s %-18s %10s %8s  %s\n", "target", "", "path", "layer", "instr.", "MAC/ins", "instructions by those of peers"
}
function peers(name, list, n, i, part) {
  n = split(list, part, " ")
  for (i = 1; i < n; i += 2) peer[name, part[i]] = part[i + 1]
}
function by(name, shape, n) { return (name, shape) in peer ? sprintf(" %s %.2f", name, n / peer[name, shape]) : "" }
{
  target = $1; path = $3; layer = $4; insns = $5
  shape = layer
  sub(/^(binary|int8)_/, "", shape)
  beside = ""
  if (target != "armv7_neon")
    beside = layer ~ /^binary/ ? by("larq", shape, insns) by("dabnn", shape, insns) : by("ruy_neon", shape, insns) by("ruy_dotprod", shape, insns)
  if ($11 == path)
    printf "%-16s %-5s %-13s %-18s %10d %8.2f %s%s\n", target, $2, path, layer, insns, $7 / insns, beside, $12 == "ok" ? "" : "  WRONG"
  macs[layer] = $7
  if ($12 != "ok") { ++wrong; next }
  ++taken
  key = target SUBSEP $2 SUBSEP layer
  if (!(key in least) || insns < least[key]) least[key] = insns
  levels[$2] = 1
}
function worst(target, layer, level, key, most) {
  most = 0
  for (level in levels) {
    key = target SUBSEP level SUBSEP layer
    if (!(key in least)) return 0
    if (least[key] > most) most = least[key]
  }
  return most
}
function goal(name, n, measured, relation, bound, unit, met) {
  if (n == 0) met = 0
  printf "goal %s measured=%s target=%s%.2f%s %s\n", name, n == 0 ? "nothing" : sprintf("%.2f%s", measured, unit), relation,
    bound, unit, met ? "pass" : "fail"
  if (!met) ++missed
}
END {
  print ""
  print "goals: instructions by those of the peer, MACs per instruction, and on ARMv7 int8 by binary"
  for (s = 1; s <= shapes; ++s) {
    shape = shape_list[s]
    n = worst("aarch64", "binary_" shape)
    goal("aarch64_binary_" shape "_larq", n, n / peer["larq", shape], "<=", 1, "x", n <= peer["larq", shape])
    if (shape ~ /x(128|256)$/ && n > 0)
      goal("aarch64_binary_" shape "_macs", n, macs["binary_" shape] / n, ">=", 33, "", macs["binary_" shape] >= 33 * n)
    n = worst("aarch64_dotprod", "int8_" shape)
    goal("aarch64_int8_" shape "_ruy_dotprod", n, n / peer["ruy_dotprod", shape], "<=", 1, "x", n <= peer["ruy_dotprod", shape])
  }
  for (s = 1; s <= shapes; ++s) {
    shape = shape_list[s]
    n = worst("armv7_neon", "binary_" shape)
    other = worst("armv7_neon", "int8_" shape)
    goal("armv7_binary_" shape, n, n == 0 ? 0 : other / n, ">=", 4, "x", other >= 4 * n)
  }
  if (wrong > 0) print "wrong outputs: " wrong
  exit wrong + missed > 0 || taken == 0
}
