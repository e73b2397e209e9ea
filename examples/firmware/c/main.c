/* The firmware of ../main.cpp for a project in C: garment.h and garment.cpp are generated (../generate.cpp); the rest of
 * the project sees C99 only. All memory is the context, whose size is a constant. */
#include "garment.h"

#include "board.h"
#include "images.h"

static garment_context garments; /* arena and session */

static void print_answer(int image, garment_prediction p) {
  const int truth = garment_labels[image];
  print_text(p.label == truth ? "   " : " X ");
  print_text(garment_names[p.label]);
  print_text(",");
  print_number(p.probability_q16 * 100 / 65535, 3);
  print_text(" %, exit ");
  print_number(p.exit + 1, 0);
  print_text(", ");
  print_text(garment_reason_text(p.why));
  print_text("\n");
}

int main(void) {
  int i;
  garment_status tested;
  garment_init(&garments);
  tested = garment_self_test(&garments);
  print_text("self test: ");
  print_text(garment_status_text(tested));
  print_text("\n\n");
  if (tested != GARMENT_STATUS_OK) return 1;

  print_text("as sure as the weights ask for:\n");
  for (i = 0; i < GARMENT_IMAGES; ++i) print_answer(i, garment_classify(&garments, garment_pixels[i]));

  print_text("\none of them, with less asked for:\n");
  print_answer(18, garment_classify_at(&garments, garment_pixels[18], GARMENT_CONFIDENCE(0.7)));

  print_text("\nstage by stage:\n");
  garment_begin(&garments, garment_pixels[18]);
  do {
    i = garment_step(&garments);
    print_answer(18, garment_best(&garments));
  } while (i != 0);
  return 0;
}
