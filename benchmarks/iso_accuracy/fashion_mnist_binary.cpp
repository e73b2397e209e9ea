// Part of benchmarks/iso_accuracy.cpp: compiles one ladder, so that ladders compile side by side.
#include "benchmarks/iso_accuracy/typed_contender.hpp"

template void iso::append_ladder<iso::data::fashion_mnist, iso::arithmetic::bits>(iso::contenders&);
