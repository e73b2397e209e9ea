// An image of another size than the network's.
// expect: no (matching|known conversion|viable)|could not convert|cannot convert
// expect: 63.*64|64.*63|unsigned char ?\[63\]

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;

#ifdef FAULTY
const unsigned char pixels[63]{};
#else
const unsigned char pixels[64]{};
#endif
void begin(session<lower<small>>& s) { s.begin(pixels); }
