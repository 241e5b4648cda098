// How the rows of `qkv` hold queries | keys | values of one token.
#ifndef SERA_NATIVE_ATTENTION_LAYOUT_H_
#define SERA_NATIVE_ATTENTION_LAYOUT_H_

#include "common.h"

namespace sera {

struct Layout {
  int64_t heads, kv_heads, head_dim, width;
  int64_t window;  // positions that a token sees, itself included; 0 for all
  int64_t k(int64_t kv) const { return (heads + kv) * head_dim; }
  int64_t v(int64_t kv) const { return (heads + kv_heads + kv) * head_dim; }
};

template <typename C>
void ReadLayout(C* c, Layout* layout) {
  OP_REQUIRES_OK(c, c->GetAttr("heads", &layout->heads));
  OP_REQUIRES_OK(c, c->GetAttr("kv_heads", &layout->kv_heads));
  OP_REQUIRES_OK(c, c->GetAttr("head_dim", &layout->head_dim));
  SERA_CHECK(c, layout->head_dim > 0 && layout->kv_heads > 0 && layout->heads > 0 &&
             layout->heads % layout->kv_heads == 0, "key heads must divide query heads");
  OP_REQUIRES_OK(c, c->GetAttr("window", &layout->window));
  SERA_CHECK(c, layout->window >= 0, "a window cannot be negative");
  layout->width = (layout->heads + 2 * layout->kv_heads) * layout->head_dim;
}

}  // namespace sera

#endif  // SERA_NATIVE_ATTENTION_LAYOUT_H_
