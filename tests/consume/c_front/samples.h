/* What user.c and generate.cpp both run: samples from a small generator, and the thresholds they are judged by. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdint.h>

#define SAMPLES 12
#define SAMPLE_ELEMENTS 60

static void sample(int index, uint8_t *pixels) {
  uint32_t seed = (uint32_t)index + 77u;
  int i;
  for (i = 0; i < SAMPLE_ELEMENTS; ++i) {
    seed = seed * 1664525u + 1013904223u;
    pixels[i] = (uint8_t)(seed >> 24);
  }
}

#endif
