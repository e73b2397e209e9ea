// The functions that compilers call for large structs and plain loops; nobody else provides them to a firmware without
// a library. Written so that they are not turned into calls of themselves.
#include <cstddef>

extern "C" {

void* memset(void* to, int value, std::size_t bytes) {
  volatile unsigned char* p = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < bytes; ++i) p[i] = static_cast<unsigned char>(value);
  return to;
}
void* memcpy(void* to, const void* from, std::size_t bytes) {
  volatile unsigned char* p = static_cast<unsigned char*>(to);
  const auto* q = static_cast<const unsigned char*>(from);
  for (std::size_t i = 0; i < bytes; ++i) p[i] = q[i];
  return to;
}

}  // extern "C"
