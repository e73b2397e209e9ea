// A criterion of one's own needs both scores; the message names what is missing.
// expect: constraint(s not satisfied| failure)|does not satisfy|because|constraints not satisfied

#include <offramp/offramp.hpp>

using namespace offramp;

using small =
    network<image<8, 8, 1>, stage<conv2d<8, 3>, sign>, exit_head<3>, stage<conv2d<8, 3, binary>, sign>, exit_head<3>>;

#ifdef FAULTY
struct mine {
  static constexpr unsigned id = 1000;
};
#else
struct mine : max_softmax {};
#endif
session<lower<small>, path::portable, mine>* never = nullptr;
