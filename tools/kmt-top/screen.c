/*
 * kmt-top: the terminal
 *
 * Columns that do not fit are left out from the right; rows that do not fit can be scrolled to. The ledger may come and go
 * while it runs.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kmt_top.h"
#include "terminal.h"

#define PID_COLUMNS   7
#define NAME_COLUMNS  12        /* least, and there are two spaces before it */
#define NAME_MAX      40
#define LINE_BYTES    2048

static volatile sig_atomic_t interrupted;

static void note_signal( int number )
{
    (void)number;
    interrupted = 1;
}

/* What there is to show, line by line, before it is known which lines fit. */
struct page
{
    char (*lines)[LINE_BYTES];
    bool  *headings;
    unsigned int count, capacity;
    unsigned int columns;
};

/* A new line, empty; NULL: no memory, the page ends here. */
static char *add_line( struct page *page, bool heading )
{
    void *lines, *headings;

    if (page->count == page->capacity)
    {
        unsigned int capacity = page->capacity ? page->capacity * 2 : 64;

        if ((lines = realloc( page->lines, capacity * sizeof(*page->lines) ))) page->lines = lines;
        if ((headings = realloc( page->headings, capacity * sizeof(*page->headings) ))) page->headings = headings;
        if (!lines || !headings) return NULL;
        page->capacity = capacity;
    }
    page->headings[page->count] = heading;
    page->lines[page->count][0] = 0;
    return page->lines[page->count++];
}

/* "[#####     ] 512M of 1.0G" */
static void add_bar( struct page *page, const char *what, uint64_t used, uint64_t budget, uint64_t total )
{
    int width = (int)page->columns - 52, filled, i, length;
    char a[SIZE_BYTES], b[SIZE_BYTES], c[SIZE_BYTES], *line;

    if (!(line = add_line( page, false ))) return;
    length = snprintf( line, LINE_BYTES, "  %-10s", what );
    if (width > 4)
    {
        if (width > 60) width = 60;
        filled = (used < total ? (double)used / total : 1) * width + 0.5;
        line[length++] = '[';
        for (i = 0; i < width; i++) line[length++] = i < filled ? '|' : ' ';
        line[length++] = ']';
        line[length++] = ' ';
    }
    snprintf( line + length, LINE_BYTES - length, "%s of %s used, budget %s", format_size( a, used ), format_size( b, total ),
              format_size( c, budget ) );
}

/* In the order in which they are worth having. The width is with a space before it. */
static const struct { const char *title; int field, width; } columns[] =
{
    { "USED", COUNT_FIELD( used ), 7 },
    { "RESIDENT", COUNT_FIELD( resident ), 9 },
    { "EVICTED", COUNT_FIELD( evicted ), 8 },
    { "OFFERED", COUNT_FIELD( offered ), 8 },
    { "DISCARDED", COUNT_FIELD( discarded ), 10 },
    { "IN/s", -1, 7 },
    { "OUT/s", -2, 7 },
    { "BUDGET", COUNT_FIELD( budget ), 7 },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static uint64_t get_column( const struct process *process, int field )
{
    if (field == -1) return add_saturated( process->in_rate[LEDGER_LOCAL], process->in_rate[LEDGER_NON_LOCAL] );
    if (field == -2) return add_saturated( process->out_rate[LEDGER_LOCAL], process->out_rate[LEDGER_NON_LOCAL] );
    return process_sum( process, field );
}

static void add_adapter( struct page *page, const struct adapter *adapter )
{
    static const char *const names[LEDGER_GROUPS] = { "local", "non-local" };
    char name[FORMATTED_BYTES], size[SIZE_BYTES], *line;
    unsigned int i, j, shown, group, taken, room;
    int length;

    taken = PID_COLUMNS + 2 + NAME_COLUMNS;
    for (shown = 0; shown < COLUMNS && taken + columns[shown].width <= page->columns; shown++) taken += columns[shown].width;
    room = NAME_COLUMNS + (page->columns > taken ? page->columns - taken : 0);
    if (room > NAME_MAX) room = NAME_MAX;

    if ((line = add_line( page, false ))) snprintf( line, LINE_BYTES, "%s", format_name( name, adapter->name, -(int)page->columns ) );
    for (group = 0; group < LEDGER_GROUPS; group++)
        if (adapter->total[group])
            add_bar( page, names[group], adapter_sum( adapter, group, COUNT_FIELD( used ) ),
                     adapter_budget( adapter, group ), adapter->total[group] );

    if (!(line = add_line( page, true ))) return;
    length = snprintf( line, LINE_BYTES, "%*s  %-*s", PID_COLUMNS, "PID", (int)room, "PROGRAM" );
    for (i = 0; i < shown; i++)
        length += snprintf( line + length, LINE_BYTES - length, "%*s", columns[i].width, columns[i].title );

    for (j = 0; j < adapter->process_count; j++)
    {
        const struct process *process = &adapter->processes[j];

        if (!(line = add_line( page, false ))) return;
        if (process->pid) length = snprintf( line, LINE_BYTES, "%*d", PID_COLUMNS, process->pid );
        else length = snprintf( line, LINE_BYTES, "%*s", PID_COLUMNS, "-" );
        length += snprintf( line + length, LINE_BYTES - length, "  %s", format_name( name, process->name, room ) );
        for (i = 0; i < shown; i++)
            length += snprintf( line + length, LINE_BYTES - length, "%*s", columns[i].width,
                                format_size( size, get_column( process, columns[i].field ) ) );
    }
}

/* One line of the screen, cut to its width. mvaddstr would go on in the next one. */
static void draw_line( int row, const char *text, attr_t attributes )
{
    char buffer[FORMATTED_BYTES];

    attrset( attributes );
    mvaddstr( row, 0, format_name( buffer, text, attributes ? COLS : -COLS ) );
    attrset( A_NORMAL );
}

static void draw( const struct sample *sample, const char *why, unsigned int *scroll )
{
    struct page page = { .columns = COLS > 0 ? COLS : 1 };
    char line[LINE_BYTES], clock[16] = "";
    unsigned int i, rows = LINES > 2 ? LINES - 2 : 0;
    struct tm local;
    time_t now = time( NULL );

    if (localtime_r( &now, &local )) strftime( clock, sizeof(clock), "%H:%M:%S", &local );
    erase();
    if (sample) snprintf( line, sizeof(line), "kmt-top %s, %u process%s", clock, sample->process_count,
                          sample->process_count == 1 ? "" : "es" );
    else snprintf( line, sizeof(line), "kmt-top %s", clock );
    draw_line( 0, line, A_BOLD );

    for (i = 0; sample && i < sample->adapter_count; i++)
    {
        if (i) add_line( &page, false );
        add_adapter( &page, &sample->adapters[i] );
    }
    if (!page.count)
    {
        char *text = add_line( &page, false );

        if (text) snprintf( text, LINE_BYTES, "%.*s", LINE_BYTES - 1, sample ? "No process uses a GPU." : why );
    }

    if (*scroll + rows > page.count) *scroll = page.count > rows ? page.count - rows : 0;
    for (i = 0; i < rows && *scroll + i < page.count; i++)
        draw_line( 1 + i, page.lines[*scroll + i], page.headings[*scroll + i] ? A_REVERSE : A_NORMAL );
    snprintf( line, sizeof(line), "q: quit%s", page.count > rows ? "   up, down: more" : "" );
    if (LINES > 1) draw_line( LINES - 1, line, A_NORMAL );
    refresh();
    free( page.lines );
    free( page.headings );
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime( CLOCK_MONOTONIC, &now );
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* Waits for the next sample's time; keys meanwhile. false: the end is asked for. */
static bool wait_for_keys( double until, const struct sample *sample, const char *why, unsigned int *scroll )
{
    double left;

    while ((left = until - seconds()) > 0)
    {
        timeout( left * 1000 + 1 );
        switch (errno = 0, getch())
        {
        case 'q': case 'Q': return false;
        case KEY_UP: if (*scroll) --*scroll; break;
        case KEY_DOWN: ++*scroll; break;
        case KEY_PPAGE: *scroll = *scroll > 10 ? *scroll - 10 : 0; break;
        case KEY_NPAGE: *scroll += 10; break;
        case KEY_RESIZE: break;
        case ERR:
            /* At the end of the time, for a signal, or because the terminal is gone, which ncurses does not tell apart. */
            if (interrupted) return false;
            if (seconds() < until && errno != EINTR && !isatty( STDIN_FILENO )) return false;
            continue;
        default: continue;
        }
        draw( sample, why, scroll );
    }
    return !interrupted;
}

int run_screen( double delay )
{
    struct sigaction action = { .sa_handler = note_signal };
    struct sample *sample = NULL, *next;
    const char *term = getenv( "TERM" );
    unsigned int scroll = 0;
    char why[WHY_BYTES] = "";
    SCREEN *screen;
    double due;

    if (!isatty( STDIN_FILENO ) || !isatty( STDOUT_FILENO ))
    {
        fprintf( stderr, "kmt-top: this is not a terminal; --once and --json do without one\n" );
        return 1;
    }
    if (!(sample = sample_read( NULL, why )))
    {
        fprintf( stderr, "kmt-top: %s\n", why );
        return 1;
    }
    if (!terminal_usable() || !(screen = newterm( NULL, stdout, stdin )))
    {
        fprintf( stderr, "kmt-top: a terminal of the kind \"%s\" cannot be used; --once and --json do without one\n", term ? term : "" );
        free( sample );
        return 1;
    }
    sigaction( SIGINT, &action, NULL );
    sigaction( SIGTERM, &action, NULL );
    sigaction( SIGHUP, &action, NULL );
    cbreak();
    noecho();
    keypad( stdscr, TRUE );
    curs_set( 0 );

    due = seconds();
    for (;;)
    {
        draw( sample, why, &scroll );
        due += delay;
        if (due < seconds()) due = seconds();   /* the machine slept */
        if (!wait_for_keys( due, sample, why, &scroll )) break;
        next = sample_read( sample, why );
        free( sample );
        sample = next;
    }
    endwin();
    delscreen( screen );
    free( sample );
    return 0;
}
