/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/array_size.h"
#include "registry/idmap.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check(const struct idmap_extent *extents, size_t count)
{
	return idmap_check(&(struct idmap){ extents, count });
}

START_TEST(good_maps_pass)
{
	static const struct idmap_extent three[] = { { 0, 100000, 1000 },
						     { 1000, 1000, 1 },
						     { 1001, 101001, 64535 } };
	static const struct idmap_extent whole[] = { { 0, 0, UINT32_MAX } };
	static const struct idmap_extent last[] = { { UINT32_MAX, UINT32_MAX, 1 } };
	static const struct idmap_extent touching[] = { { 0, 10, 10 }, { 10, 0, 10 } };

	ck_assert_int_eq(check(NULL, 0), 0);
	ck_assert_int_eq(check(three, 3), 0);
	ck_assert_int_eq(check(whole, 1), 0);
	ck_assert_int_eq(check(last, 1), 0);
	ck_assert_int_eq(check(touching, 2), 0);
}
END_TEST

START_TEST(bad_maps_are_refused)
{
	static const struct idmap_extent empty[] = { { 0, 100000, 0 } };
	static const struct idmap_extent inner_end[] = { { UINT32_MAX, 100000, 2 } };
	static const struct idmap_extent outer_end[] = { { 0, UINT32_MAX, 2 } };
	static const struct idmap_extent inner_twice[] = { { 0, 100000, 10 }, { 9, 200000, 10 } };
	static const struct idmap_extent outer_twice[] = { { 0, 100000, 10 }, { 50, 100009, 1 } };
	static const struct idmap_extent inside[] = { { 0, 100000, 100 }, { 500, 100050, 1 } };

	ck_assert_int_eq(check(empty, 1), -EINVAL);
	ck_assert_int_eq(check(inner_end, 1), -ERANGE);
	ck_assert_int_eq(check(outer_end, 1), -ERANGE);
	ck_assert_int_eq(check(inner_twice, 2), -EEXIST);
	ck_assert_int_eq(check(outer_twice, 2), -EEXIST);
	ck_assert_int_eq(check(inside, 2), -EEXIST);
}
END_TEST

START_TEST(as_many_extents_as_the_kernel_takes)
{
	struct idmap_extent extents[IDMAP_EXTENTS_MAX + 1];

	for (uint32_t i = 0; i <= IDMAP_EXTENTS_MAX; i++)
		extents[i] = (struct idmap_extent){ i, 100000 + 2 * i, 1 };
	ck_assert_int_eq(check(extents, IDMAP_EXTENTS_MAX), 0);
	ck_assert_int_eq(check(extents, IDMAP_EXTENTS_MAX + 1), -E2BIG);
}
END_TEST

START_TEST(only_the_whole_identity_counts_as_no_map)
{
	static const struct idmap_extent whole[] = { { 0, 0, UINT32_MAX } };
	static const struct idmap_extent part[] = { { 0, 0, 65536 } };

	ck_assert(idmap_is_identity(&(struct idmap){ whole, 1 }));
	ck_assert(!idmap_is_identity(&(struct idmap){ part, 1 }));
	ck_assert(!idmap_is_identity(&(struct idmap){ whole, 0 }));
}
END_TEST

START_TEST(translation_uses_every_extent)
{
	static const struct idmap_extent extents[] = { { 0, 100000, 1000 },
						       { 1000, 1000, 1 },
						       { 1001, 101001, 64535 },
						       { 4000000000u, 4294967000u, 295 } };
	const struct idmap map = { extents, 4 };
	uint32_t id = 7;

	ck_assert_int_eq(idmap_to_outer(&map, 999, &id), 0);
	ck_assert_uint_eq(id, 100999);
	ck_assert_int_eq(idmap_to_outer(&map, 1000, &id), 0);
	ck_assert_uint_eq(id, 1000);
	ck_assert_int_eq(idmap_to_outer(&map, 65535, &id), 0);
	ck_assert_uint_eq(id, 165535);
	ck_assert_int_eq(idmap_to_outer(&map, 4000000294u, &id), 0);
	ck_assert_uint_eq(id, 4294967294u);
	id = 7;
	ck_assert_int_eq(idmap_to_outer(&map, 65536, &id), -ENOENT);
	ck_assert_int_eq(idmap_to_inner(&map, 101000, &id), -ENOENT);
	ck_assert_uint_eq(id, 7);
	ck_assert_int_eq(idmap_to_inner(&map, 101001, &id), 0);
	ck_assert_uint_eq(id, 1001);
}
END_TEST

START_TEST(some_ids_have_no_name_either_way)
{
	ck_assert(idmap_pair_has_name(0, 65536));
	ck_assert(idmap_pair_has_name(65533, 165533));
	ck_assert(idmap_pair_has_name(65536, 165536));
	ck_assert(idmap_pair_has_name(1, UINT32_MAX - 1));
	ck_assert(!idmap_pair_has_name(0, 0));
	ck_assert(!idmap_pair_has_name(0, 65535));
	ck_assert(!idmap_pair_has_name(65534, 165534));
	ck_assert(!idmap_pair_has_name(65535, 165535));
	ck_assert(!idmap_pair_has_name(UINT32_MAX, 165535));
	ck_assert(!idmap_pair_has_name(1, UINT32_MAX));
}
END_TEST

START_TEST(extents_are_three_plain_numbers)
{
	static const char *const bad[] = { "",	     "0",
					   "0:1",    "0:1:2:3",
					   "a:1:2",  "0:1:",
					   ":1:2",   " 0:1:2",
					   "0:1:2 ", "-1:1:2",
					   "0:01:2", "0:1:0x2",
					   "0::2",   "0:4294967296:1",
					   "0,1,2",  "00000000000:1:2" };
	struct idmap_extent extent = { 1, 2, 3 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(idmap_extent_parse(bad[i], &extent) == -EINVAL, "'%s'", bad[i]);
	ck_assert_uint_eq(extent.inner, 1);
	ck_assert_int_eq(idmap_extent_parse("0:100000:65536", &extent), 0);
	ck_assert_uint_eq(extent.inner, 0);
	ck_assert_uint_eq(extent.outer, 100000);
	ck_assert_uint_eq(extent.count, 65536);
	ck_assert_int_eq(idmap_extent_parse("4294967295:4294967295:0", &extent), 0);
	ck_assert_uint_eq(extent.count, 0);
}
END_TEST

START_TEST(the_text_of_proc_is_read)
{
	struct idmap_extent extents[3];

	ck_assert_int_eq(idmap_parse("", extents, 3), 0);
	ck_assert_int_eq(idmap_parse("         0     100000      65536\n", extents, 3), 1);
	ck_assert_uint_eq(extents[0].outer, 100000);
	ck_assert_int_eq(idmap_parse("0 1 2\n3 4 5\n6 7 4294967295\n", extents, 3), 3);
	ck_assert_uint_eq(extents[2].count, UINT32_MAX);
	ck_assert_int_eq(idmap_parse("0 1 2\n3 4 5\n6 7 8\n9 10 11\n", extents, 3), -E2BIG);
	ck_assert_int_eq(idmap_parse("0 1\n", extents, 3), -EINVAL);
	ck_assert_int_eq(idmap_parse("0 1 2 3\n", extents, 3), -EINVAL);
	ck_assert_int_eq(idmap_parse("x\n", extents, 3), -EINVAL);
}
END_TEST

START_TEST(maps_intersect_in_the_pairs_of_both)
{
	static const struct idmap_extent a[] = { { 0, 100000, 1000 }, { 5000, 300000, 1000 } },
					 b[] = { { 500, 100500, 10000 }, { 5500, 300501, 10 } },
					 all[] = { { 0, 0, UINT32_MAX } },
					 last[] = { { UINT32_MAX - 5, UINT32_MAX - 5, 5 } };
	const struct idmap x = { a, 2 }, y = { b, 2 }, none = { a, 0 };
	struct idmap_extent both[4];

	ck_assert_uint_eq(idmap_intersect(&x, &y, both, 4), 1);
	ck_assert_mem_eq(both, (&(struct idmap_extent){ 500, 100500, 500 }), sizeof *both);
	ck_assert_uint_eq(idmap_intersect(&x, &x, both, 4), 2);
	ck_assert_mem_eq(both, a, sizeof a);
	ck_assert_uint_eq(idmap_intersect(&x, &x, both, 1), 1);
	ck_assert_uint_eq(idmap_intersect(&x, &none, both, 4), 0);
	ck_assert_uint_eq(
		idmap_intersect(&(struct idmap){ all, 1 }, &(struct idmap){ last, 1 }, both, 4), 1);
	ck_assert_mem_eq(both, last, sizeof last);
	ck_assert(idmap_equal(&x, &x));
	ck_assert(!idmap_equal(&x, &y));
	ck_assert(!idmap_equal(&x, &none));
}
END_TEST

Suite *idmap_suite(void)
{
	Suite *suite = suite_create("idmap");

	ADD(suite, good_maps_pass);
	ADD(suite, bad_maps_are_refused);
	ADD(suite, as_many_extents_as_the_kernel_takes);
	ADD(suite, only_the_whole_identity_counts_as_no_map);
	ADD(suite, translation_uses_every_extent);
	ADD(suite, some_ids_have_no_name_either_way);
	ADD(suite, extents_are_three_plain_numbers);
	ADD(suite, the_text_of_proc_is_read);
	ADD(suite, maps_intersect_in_the_pairs_of_both);
	return suite;
}
