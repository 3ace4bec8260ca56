# winekmt-setup, the tool that puts winekmt into a Wine prefix.

SETUP := $(B)/winekmt-setup
SETUP_SRCS := $(wildcard tools/setup/*.c)
SETUP_OBJS := $(patsubst %.c,$(B)/native/%.o,$(SETUP_SRCS))
SETUP_DEFINES := $(DLLDIR_DEFINE) '-DWINEKMT_WINE="$(WINE)"' '-DWINEKMT_VERSION_STRING="$(VERSION)"'

$(B)/native/tools/setup/prefix.o $(B)/native/tools/setup/main.o: CFLAGS += $(SETUP_DEFINES)

$(SETUP): $(SETUP_OBJS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -ldl

ALL += $(SETUP)

.PHONY: install-tools
install-tools: $(SETUP)
	install -d "$(DESTDIR)"$(bindir)
	install -m 755 $(SETUP) "$(DESTDIR)"$(bindir)/winekmt-setup
INSTALL += install-tools
