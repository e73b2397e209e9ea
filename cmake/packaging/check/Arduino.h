// What a core of Arduino does to every sketch: names as macros, a few functions. For the compiler here, not a board.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdint.h>
#include <stdio.h>

// Those of the AVR, SAMD and ESP cores that could meet a name of the library.
#define HIGH 1
#define LOW 0
#define INPUT 0
#define OUTPUT 1
#define CHANGE 4
#define DEFAULT 1
#define EXTERNAL 0
#define PI 3.14159
#define B0 0
#define B1 1
#define B11 3
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x)-0.5))
#define constrain(x, low, high) ((x) < (low) ? (low) : ((x) > (high) ? (high) : (x)))
#define radians(deg) ((deg)*0.01745)
#define degrees(rad) ((rad)*57.29577)
#define sq(x) ((x) * (x))
#define bit(b) (1UL << (b))
#define bitRead(value, bit) (((value) >> (bit)) & 0x01)
#define lowByte(w) ((uint8_t)((w)&0xff))
#define word(...) makeWord(__VA_ARGS__)
#define interrupts() sei()
#define F(text) text

inline long random(long most) {
  static unsigned long state = 1;
  state = state * 1664525 + 1013904223;
  return static_cast<long>((state >> 16 & 0x7fff) % static_cast<unsigned long>(most));
}
inline void delay(unsigned long) {}
struct serial_port {
  void begin(long) {}
  void print(const char* text) { fputs(text, stdout); }
  void print(int number) { printf("%d", number); }
  void println(const char* text) { puts(text); }
};
inline serial_port Serial;

#endif
