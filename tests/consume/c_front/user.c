/* A project in C99 that uses the generated front of a network: all its functions, and what they answer.
 *   user MODEL_FILE */
#include <stdio.h>
#include <string.h>

#include "samples.h"
#include "tiny_front.h"

static tiny_front_context first, second, third;
static uint32_t model[16384];

static void say(const char *what, tiny_front_prediction p) {
  printf("%s: label %d exit %d probability %d spent %ld, %s\n", what, (int)p.label, (int)p.exit, (int)p.probability_q16,
         (long)p.spent, tiny_front_reason_text(p.why));
}

int main(int argc, char **argv) {
  uint8_t pixels[2][TINY_FRONT_INPUT_ELEMENTS];
  size_t bytes;
  int i, c, stages;
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) return 2;
  bytes = fread(model, 1, sizeof model, file);
  fclose(file);

  printf("%dx%dx%d %d classes %d exits\n", TINY_FRONT_INPUT_HEIGHT, TINY_FRONT_INPUT_WIDTH, TINY_FRONT_INPUT_CHANNELS,
         TINY_FRONT_CLASSES, TINY_FRONT_EXITS);
  tiny_front_init(&first);
  printf("self test: %s\n", tiny_front_status_text(tiny_front_self_test(&first)));
  for (i = 0; i < SAMPLES; ++i) {
    sample(i, pixels[0]);
    say("stored", tiny_front_classify(&first, pixels[0]));
    say("0.5", tiny_front_classify_at(&first, pixels[0], TINY_FRONT_CONFIDENCE(0.5)));
    say("never", tiny_front_classify_at(&first, pixels[0], INT32_MAX));
  }

  /* Two samples under way at once, one of them on a model from a file. */
  printf("bind: %s\n", tiny_front_status_text(tiny_front_bind(&second, model, bytes)));
  sample(100, pixels[0]);
  sample(101, pixels[1]);
  tiny_front_begin(&first, pixels[0]);
  tiny_front_begin(&second, pixels[1]);
  for (stages = 1; stages != 0;) {
    tiny_front_step(&first);
    stages = tiny_front_step(&second);
    say("first", tiny_front_best(&first));
    say("second", tiny_front_best(&second));
    for (c = 0; c < TINY_FRONT_CLASSES; ++c)
      printf(" %ld %ld", (long)tiny_front_logits(&first)[c], (long)tiny_front_logits(&second)[c]);
    printf("\n");
  }

  /* A changed model is refused, and the context keeps the one it had. */
  third = second; /* no more than a copy of bytes: not to be used */
  model[40] ^= 1u;
  if (tiny_front_bind(&second, model, bytes) != TINY_FRONT_STATUS_BAD_CHECKSUM) return 3;
  printf("changed: %s\n", tiny_front_status_text(tiny_front_bind(&second, model, bytes)));
  return memcmp(&third, &second, sizeof third) == 0 ? 0 : 4;
}
