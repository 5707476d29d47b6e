/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026, the Fortress authors */
/*
 * Columns share the width by giving one cell after another to the column where it shows most: the
 * number of rows that are wider than what it has, times its weight.  What a cell shows only ever
 * gets less, so the greedy choice is the best one.
 */
#include <stdbool.h>
#include <string.h>

#include "ui/columns.h"

/* wider[w]: how many rows are wider than w. */
static void
count_wider(const column_counts counts, column_counts wider)
{
	unsigned n = 0;

	for (int w = COLUMNS_WIDTH_MAX; w >= 0; w--) {
		wider[w] = n;
		n += counts[w];
	}
}

/* What a column must have to be there at all; a few rows of many do not ask for more. */
static int
least_of(const struct column *c, size_t rows, const column_counts wider)
{
	int w = wider[0] > 0 ? (int)strlen(c->head) : 0;

	while (w < c->least && wider[w] > rows / 10)
		w++;
	return w;
}

/* What is left when the first n columns have the least that they must have. */
static int
start(const struct column *columns, size_t n, const column_counts *wider, size_t rows, int room, int *widths)
{
	for (size_t i = 0; i < n; i++) {
		widths[i] = least_of(&columns[i], rows, wider[i]);
		room -= widths[i] + (i > 0 && widths[i] > 0 ? COLUMNS_GAP : 0);
	}
	return room;
}

/* Where one cell more shows most; false: nowhere. */
static bool
widen(const struct column *columns, size_t n, const column_counts *wider, int *widths)
{
	unsigned gain, most = 0;
	size_t best = 0;

	for (size_t i = 0; i < n; i++) {
		gain = widths[i] < COLUMNS_WIDTH_MAX ? wider[i][widths[i]] * (unsigned)columns[i].weight : 0;
		if (widths[i] > 0 && gain > most) {
			most = gain;
			best = i;
		}
	}
	widths[best] += most > 0;
	return most > 0;
}

void
columns_fit(const struct column *columns, size_t n, const column_counts *counts, size_t rows, int room, int *widths)
{
	column_counts wider[COLUMNS_MAX];
	size_t there = n;
	int left;

	for (size_t i = 0; i < n; i++)
		count_wider(counts[i], wider[i]);
	while ((left = start(columns, there, wider, rows, room, widths)) < 0 && there > 1)
		widths[--there] = 0;
	if (there == 1 || widths[0] == 0)
		widths[0] = room > 0 ? room : 0;
	else
		while (left-- > 0 && widen(columns, there, wider, widths))
			continue;
}
