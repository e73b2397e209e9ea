// As Arduino's builder makes a program of a sketch: Arduino.h first, then the sketch; here for four rounds.
#include "Arduino.h"

void setup();
void loop();

#include "Shapes.ino"

int main() {
  setup();
  for (int i = 0; i < 4; ++i) loop();
}
