/*
 * Runs a program on a pseudo terminal, and shows what it drew
 *
 *   pty COLUMNS ROWS STEP... -- PROGRAM [ARGUMENT]...
 *
 * Steps: wait:TEXT    until the screen shows it
 *        gone:TEXT    until it does not any more
 *        keys:TEXT    pressed; ^[ is escape, as the arrow keys send it
 *        size:COLUMNSxROWS
 *        show         prints the screen
 *        signal:NUMBER
 *        hangup       the terminal goes away
 *        exit:STATUS  until the program has ended with it
 * The exit status is 1 when a step did not succeed within 20 seconds. The screen is kept by a terminal of the simplest kind that
 * understands what ncurses sends to TERM=xterm; what it does not understand it says.
 *
 * Copyright 2026 the winekmt developers
 *
 * This library is free software; you can redistribute it and/or modify it under the terms of the GNU Lesser General
 * Public License as published by the Free Software Foundation; either version 2.1 of the License, or (at your option)
 * any later version.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_COLUMNS 300
#define MAX_ROWS    100
#define PATIENCE    20      /* seconds */

static char screen[MAX_ROWS][MAX_COLUMNS + 1];      /* '?' for a character beyond ASCII */
static int columns, rows, x, y, top, bottom;
static int terminal = -1;
static pid_t child;
static char last = ' ';

static char escape[64];
static int escape_length;

static void __attribute__((noreturn)) give_up( const char *what, const char *detail )
{
    int i;

    printf( "pty: %s%s; the screen:\n", what, detail );
    for (i = 0; i < rows; i++) printf( "    |%.*s|\n", columns, screen[i] );
    if (child > 1) kill( child, SIGKILL );
    exit( 1 );
}

static void clear( int from_row, int from_column, int to_row, int to_column )
{
    int i, j;

    for (i = from_row; i <= to_row && i < MAX_ROWS; i++)
        for (j = i == from_row ? from_column : 0; j < (i == to_row ? to_column : columns); j++) screen[i][j] = ' ';
}

/* n > 0: up */
static void scroll( int first, int end, int n )
{
    for (; n > 0; n--)
    {
        memmove( screen[first], screen[first + 1], (end - first) * sizeof(screen[0]) );
        clear( end, 0, end, columns );
    }
    for (; n < 0; n++)
    {
        memmove( screen[first + 1], screen[first], (end - first) * sizeof(screen[0]) );
        clear( first, 0, first, columns );
    }
}

static int clamp( int value, int least, int most )
{
    return value < least ? least : value > most ? most : value;
}

/* A whole control sequence: ESC [ parameters letter. */
static void control( const char *text )
{
    char end = text[strlen( text ) - 1];
    int parameters[8] = { 0 }, count = 0, first;
    const char *p = text + 2;

    if (*p == '?' || *p == '>' || end == 'm' || end == 'h' || end == 'l' || end == 't') return;   /* modes, colours */
    while (count < 8)
    {
        parameters[count++] = strtol( p, (char **)&p, 10 );
        if (*p++ != ';') break;
    }
    first = parameters[0] ? parameters[0] : 1;
    switch (end)
    {
    case 'H': case 'f':
        y = clamp( first - 1, 0, rows - 1 );
        x = clamp( (count > 1 && parameters[1] ? parameters[1] : 1) - 1, 0, columns - 1 );
        break;
    case 'A': y = clamp( y - first, 0, rows - 1 ); break;
    case 'B': y = clamp( y + first, 0, rows - 1 ); break;
    case 'C': x = clamp( x + first, 0, columns - 1 ); break;
    case 'D': x = clamp( x - first, 0, columns - 1 ); break;
    case 'G': x = clamp( first - 1, 0, columns - 1 ); break;
    case 'd': y = clamp( first - 1, 0, rows - 1 ); break;
    case 'J':
        if (parameters[0] == 2) clear( 0, 0, rows - 1, columns );
        else if (parameters[0] == 1) clear( 0, 0, y, x + 1 );
        else clear( y, x, rows - 1, columns );
        break;
    case 'K':
        if (parameters[0] == 1) clear( y, 0, y, x + 1 );
        else clear( y, parameters[0] ? 0 : x, y, columns );
        break;
    case 'X': clear( y, x, y, clamp( x + first, 0, columns ) ); break;
    case 'P':
        first = clamp( first, 0, columns - x );
        memmove( screen[y] + x, screen[y] + x + first, columns - x - first );
        clear( y, columns - first, y, columns );
        break;
    case '@':
        first = clamp( first, 0, columns - x );
        memmove( screen[y] + x + first, screen[y] + x, columns - x - first );
        clear( y, x, y, x + first );
        break;
    case 'b': while (first-- && x < columns) screen[y][x++] = last; break;
    case 'L': scroll( y, bottom, -first ); break;
    case 'M': scroll( y, bottom, first ); break;
    case 'S': scroll( top, bottom, first ); break;
    case 'T': scroll( top, bottom, -first ); break;
    case 'r':
        top = clamp( first - 1, 0, rows - 1 );
        bottom = clamp( (count > 1 && parameters[1] ? parameters[1] : rows) - 1, top, rows - 1 );
        x = y = 0;
        break;
    default: give_up( "a control sequence that is not understood: ESC", text + 1 );
    }
}

static void put( unsigned char c )
{
    if (escape_length)
    {
        escape[escape_length++] = c;
        escape[escape_length] = 0;
        if (escape_length > (int)sizeof(escape) - 2) give_up( "a control sequence without an end", "" );
        if (escape[1] == '[')
        {
            if (escape_length > 2 && c >= '@' && c <= '~')
            {
                control( escape );
                escape_length = 0;
            }
        }
        else if (escape[1] == ']')      /* a title */
        {
            if (c == 7) escape_length = 0;
        }
        else if (strchr( "()*+#", escape[1] ))
        {
            if (escape_length == 3) escape_length = 0;
        }
        else if (escape[1] == 'M')      /* up, scrolling */
        {
            if (y == top) scroll( top, bottom, -1 );
            else if (y) y--;
            escape_length = 0;
        }
        else if (strchr( "=>78c", escape[1] )) escape_length = 0;
        else give_up( "a control sequence that is not understood: ESC", escape + 1 );
        return;
    }
    switch (c)
    {
    case 27: escape_length = 1; escape[0] = c; return;
    case '\r': x = 0; return;
    case '\n':
        if (y == bottom) scroll( top, bottom, 1 );
        else if (y < rows - 1) y++;
        return;
    case '\b': if (x) x--; return;
    case '\t': x = clamp( (x | 7) + 1, 0, columns - 1 ); return;
    case 7: case 14: case 15: case 0: return;
    }
    if ((c & 0xc0) == 0x80) return;     /* the rest of a character */
    if (x >= columns)
    {
        x = 0;
        if (y == bottom) scroll( top, bottom, 1 );
        else if (y < rows - 1) y++;
    }
    if (c >= 0x80) c = '?';
    last = c;
    screen[y][x++] = c;
}

static void set_size( int width, int height )
{
    struct winsize size = { .ws_col = width, .ws_row = height };
    int i;

    if (width < 1 || width > MAX_COLUMNS || height < 1 || height > MAX_ROWS) give_up( "a size beyond what there is", "" );
    for (i = 0; i < MAX_ROWS; i++)
    {
        if (i >= rows) memset( screen[i], ' ', MAX_COLUMNS );
        else if (width > columns) memset( screen[i] + columns, ' ', width - columns );
        screen[i][width] = 0;
    }
    columns = width;
    rows = height;
    top = 0;
    bottom = rows - 1;
    x = clamp( x, 0, columns - 1 );
    y = clamp( y, 0, rows - 1 );
    ioctl( terminal, TIOCSWINSZ, &size );
}

/* Takes what the program wrote within ms. false: it has closed the terminal. */
static bool take_output( int ms )
{
    struct pollfd poll_terminal = { .fd = terminal, .events = POLLIN };
    unsigned char buffer[4096];
    ssize_t length, i;

    if (poll( &poll_terminal, 1, ms ) <= 0) return true;
    length = read( terminal, buffer, sizeof(buffer) );
    if (length <= 0) return false;
    for (i = 0; i < length; i++) put( buffer[i] );
    return true;
}

static bool shows( const char *text )
{
    int i;

    for (i = 0; i < rows; i++) if (strstr( screen[i], text )) return true;
    return false;
}

static void start( char **argv )
{
    int slave;

    terminal = posix_openpt( O_RDWR | O_NOCTTY | O_CLOEXEC );
    if (terminal == -1 || grantpt( terminal ) || unlockpt( terminal )) give_up( "no pseudo terminal: ", strerror( errno ) );
    set_size( columns, rows );
    if ((child = fork()) == -1) give_up( "no process: ", strerror( errno ) );
    if (child) return;
    setsid();
    slave = open( ptsname( terminal ), O_RDWR );
    ioctl( slave, TIOCSCTTY, 0 );
    dup2( slave, 0 );
    dup2( slave, 1 );
    dup2( slave, 2 );
    if (slave > 2) close( slave );
    execvp( *argv, argv );
    _exit( 127 );
}

static void step( const char *text )
{
    const char *argument = strchr( text, ':' );
    time_t deadline = time( NULL ) + PATIENCE;
    bool open = true;
    int status, i;

    argument = argument ? argument + 1 : "";
    if (!strncmp( text, "wait:", 5 ) || !strncmp( text, "gone:", 5 ))
    {
        while (shows( argument ) != (*text == 'w'))
        {
            if (!open || time( NULL ) > deadline) give_up( "in vain: ", text );
            open = take_output( 50 );
        }
    }
    else if (!strncmp( text, "keys:", 5 ))
    {
        for (; *argument; argument++)
        {
            bool escaped = argument[0] == '^' && argument[1] == '[';

            if (write( terminal, escaped ? "\033" : argument, 1 ) != 1) give_up( "no key can be pressed", "" );
            argument += escaped;
        }
    }
    else if (!strncmp( text, "size:", 5 ))
    {
        int width, height;

        if (sscanf( argument, "%dx%d", &width, &height ) != 2) give_up( "wrong step: ", text );
        set_size( width, height );
    }
    else if (!strcmp( text, "show" ))
    {
        for (i = 0; i < rows; i++) printf( "|%s|\n", screen[i] );
    }
    else if (!strncmp( text, "signal:", 7 )) kill( child, atoi( argument ) );
    else if (!strcmp( text, "hangup" ))
    {
        close( terminal );
        terminal = -1;
    }
    else if (!strncmp( text, "exit:", 5 ))
    {
        pid_t pid;

        while (!(pid = waitpid( child, &status, WNOHANG )))
        {
            if (time( NULL ) > deadline) give_up( "it does not end", "" );
            if (terminal == -1 || !take_output( 20 )) usleep( 20000 );
        }
        while (terminal != -1 && time( NULL ) <= deadline)
        {
            struct pollfd rest = { .fd = terminal, .events = POLLIN };

            if (poll( &rest, 1, 0 ) <= 0 || !take_output( 0 )) break;
        }
        child = 0;
        if (!WIFEXITED( status ) || WEXITSTATUS( status ) != atoi( argument ))
        {
            printf( "pty: status %#x\n", status );
            give_up( "another end than ", text );
        }
    }
    else give_up( "unknown step: ", text );
}

int main( int argc, char **argv )
{
    char **program;
    int i;

    for (program = argv; *program && strcmp( *program, "--" ); program++) {}
    if (argc < 4 || !*program || !program[1]) return 2;
    *program = NULL;
    memset( screen, ' ', sizeof(screen) );
    columns = atoi( argv[1] );
    rows = atoi( argv[2] );
    signal( SIGPIPE, SIG_IGN );
    start( program + 1 );
    for (i = 3; argv[i]; i++) step( argv[i] );
    if (child > 1) give_up( "the last step left it running", "" );
    return 0;
}
