
use builtin;
use str;

set edit:completion:arg-completer[llamactl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'llamactl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'llamactl'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand submit 'Submit a llama-server job from a model''s configuration'
            cand run 'Run llama-server and look after it: in a job, or on any workstation'
            cand wait-ready 'Wait until a server answers, or is known not to come'
            cand register 'Register a server that a script of yours runs'
            cand heartbeat 'Renew the lease of a registered server'
            cand unregister 'Take a registered server out of the registry'
            cand notify 'Tell people about a server by mail and push'
            cand watch 'Be told by the registry: a model is available, a server is lost, a node is offline'
            cand ls 'List servers'
            cand list 'List servers'
            cand status 'Show all that is known of one job'
            cand logs 'Show a job''s log'
            cand stop 'Stop a job: it drains, then ends'
            cand connect 'Connect a program to a server: tunnel if needed, environment, then the program'
            cand configs 'List, show, check and make model configurations'
            cand registry 'Run and examine the registry'
            cand node 'Register and examine nodes'
            cand doctor 'Check what llamactl needs on this machine, with the mend for what is missing'
            cand completions 'Print a completion script for a shell'
            cand man 'Print a manual page, or write all of them'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;submit'= {
            cand --config 'Model configuration, by name or path (`llamactl configs ls` lists them)'
            cand --model 'GGUF file, in place of the configuration''s'
            cand --name 'Name of the server and the job'
            cand --label 'Label for lists and filters; may be repeated'
            cand --set 'Set any key of the configuration, as server.context=8192; may be repeated'
            cand --time 'Walltime, as 8:00:00, 90 (minutes) or 1-12'
            cand -p 'Partition'
            cand --partition 'Partition'
            cand --qos 'Quality of service'
            cand --account 'Account to charge'
            cand --cpus 'Number of CPUs'
            cand --mem 'Main memory, as 32G'
            cand --gpus 'Number of GPUs'
            cand --gpu-type 'GPU type; picks the configuration''s variant for it'
            cand --constraint 'Node features that the job needs'
            cand --nodelist 'Nodes to use'
            cand --exclude 'Nodes to avoid'
            cand --reservation 'Reservation'
            cand --cluster 'Cluster, for a site with several'
            cand --sbatch-arg 'Further option for sbatch, as --sbatch-arg=--exclusive; may be repeated'
            cand -c 'Context size in tokens'
            cand --context 'Context size in tokens'
            cand --gpu-layers 'Layers on the GPU: all, auto or a number'
            cand --extra-args 'Further arguments for llama-server, as one shell-like text'
            cand --email 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody'
            cand --ntfy-topic 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --notify 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration'
            cand --notify-on 'Events to tell of, with commas [default: all but draining, ended, offline, online]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --list-configs 'List the model configurations and end'
            cand --no-time-limit 'Ask for no walltime limit'
            cand --dry-run 'Print the job script and submit nothing'
            cand --wait 'Wait until the server is ready, and show what it waits for'
            cand --ring 'Ring, and show a notification on the desktop, when the waiting is over'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;run'= {
            cand --spec 'Everything resolved, as `submit` writes it; - for stdin'
            cand --config 'Model configuration, by name or path'
            cand --model 'GGUF file, in place of the configuration''s'
            cand --name 'Name of the server'
            cand --label 'Label for lists and filters; may be repeated'
            cand --set 'Set any key of the configuration, as server.context=8192; may be repeated'
            cand --gpu-type 'GPU type; picks the configuration''s variant for it'
            cand -c 'Context size in tokens'
            cand --context 'Context size in tokens'
            cand --gpu-layers 'Layers on the GPU: all, auto or a number'
            cand --extra-args 'Further arguments for llama-server, as one shell-like text'
            cand --host 'Address to listen on [default: 0.0.0.0 in a job, 127.0.0.1 elsewhere]'
            cand --port 'Port to listen on; 0 takes a free one'
            cand --email 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody'
            cand --ntfy-topic 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --notify 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration'
            cand --notify-on 'Events to tell of, with commas [default: all but draining, ended, offline, online]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;wait-ready'= {
            cand --url 'URL of the server'
            cand --host 'Host of the server'
            cand --port 'Port of the server'
            cand --pid 'Process of the server: fail at once when it ends'
            cand --job 'Job of the server: wait for the job too, and fail at once when it ends'
            cand --log 'Log to show the end of when it fails'
            cand --timeout 'Give up after this time; 0 never'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;register'= {
            cand --port 'Port of the server'
            cand --host 'Host of the server [default: this host''s name]'
            cand --model 'Model file or name'
            cand --name 'Name of the server [default: the model''s]'
            cand --job 'Job id [default: SLURM_JOB_ID]'
            cand -c 'Context size in tokens'
            cand --context 'Context size in tokens'
            cand --label 'Label for lists and filters; may be repeated'
            cand --api-key-file 'File (0600) with the server''s API key, for those whom --access allows'
            cand --access 'Who may use the server'
            cand --lease-file 'Where to keep the lease (made 0600)'
            cand --timeout 'Keep trying for this long while the registry can''t be reached'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;heartbeat'= {
            cand --lease-file 'The lease that `register` kept'
            cand --state 'Tell a new state'
            cand --pid 'With --loop: end when this process ends'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --loop 'Go on beating as often as the registry wants, until a signal or until --pid ends'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;unregister'= {
            cand --lease-file 'The lease that `register` kept; removed afterwards'
            cand --timeout 'Keep trying for this long while the registry can''t be reached'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify'= {
            cand --event 'What happened'
            cand --model 'Model file or name'
            cand --name 'Name of the server [default: the model''s]'
            cand --job 'Job id [default: SLURM_JOB_ID]'
            cand --host 'Host of the server [default: this host''s name]'
            cand --port 'Port of the server'
            cand --reason 'Why'
            cand --log 'Log to put the end of into the message'
            cand --email 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody'
            cand --ntfy-topic 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --notify 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration'
            cand --notify-on 'Events to tell of, with commas [default: all but draining, ended, offline, online]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand test 'Send a test message to everybody who is configured, and say how it went'
            cand preview 'Show what would be sent, and send nothing'
            cand channels 'List the channels, with an example of a target for each'
            cand templates 'List or copy the texts of messages, to edit them'
            cand plugins 'Programs of your own that deliver messages'
            cand topic 'Show the ntfy topic, its link and its QR code, to subscribe from a phone'
            cand outbox 'Messages that wait to be sent'
            cand pending 'Follow a job that waits, and tell of it'
            cand mailprog 'Take a mail of slurmctld''s: for MailProg in slurm.conf, by way of slurm/mailprog'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;test'= {
            cand --channel 'Only targets of this channel'
            cand --event 'The event to play'
            cand --email 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody'
            cand --ntfy-topic 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --notify 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration'
            cand --notify-on 'Events to tell of, with commas [default: all but draining, ended, offline, online]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;preview'= {
            cand --event 'The event to play'
            cand --channel 'The channel [default: that of each target that is configured]'
            cand --count 'Show a digest of so many'
            cand --email 'Mail address; without ADDRESS: NOTIFY_EMAIL, then the configuration; `none`: nobody'
            cand --ntfy-topic 'ntfy topic; without TOPIC: NTFY_TOPIC, then the configuration, then one that nobody guesses, made once and kept'
            cand --ntfy-server 'ntfy server [default: https://ntfy.sh]'
            cand --notify 'Anybody else, as slack://…, again for more; `llamactl notify channels` lists them; `none`: nobody of the configuration'
            cand --notify-on 'Events to tell of, with commas [default: all but draining, ended, offline, online]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --html 'Open the HTML part of the mail in a browser; without a screen, say where it is'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;channels'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;templates'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List them, and where each is from'
            cand init 'Copy the built-in ones into a folder, to edit them; files that are there stay'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;templates;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;templates;init'= {
            cand --dir 'The folder [default: notify.templates, then ~/.config/llamactl/templates]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;templates;help'= {
            cand ls 'List them, and where each is from'
            cand init 'Copy the built-in ones into a folder, to edit them; files that are there stay'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;templates;help;ls'= {
        }
        &'llamactl;notify;templates;help;init'= {
        }
        &'llamactl;notify;templates;help;help'= {
        }
        &'llamactl;notify;plugins'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List them, and where each is'
            cand schema 'Print the JSON Schema of what a plugin reads'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;plugins;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;plugins;schema'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;plugins;help'= {
            cand ls 'List them, and where each is'
            cand schema 'Print the JSON Schema of what a plugin reads'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;plugins;help;ls'= {
        }
        &'llamactl;notify;plugins;help;schema'= {
        }
        &'llamactl;notify;plugins;help;help'= {
        }
        &'llamactl;notify;topic'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --renew 'Make a new topic; whoever knows the old one hears nothing more'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;outbox'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List what waits, and what could not be delivered in the last day'
            cand flush 'Send what waits now'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;outbox;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;outbox;flush'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;outbox;help'= {
            cand ls 'List what waits, and what could not be delivered in the last day'
            cand flush 'Send what waits now'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;outbox;help;ls'= {
        }
        &'llamactl;notify;outbox;help;flush'= {
        }
        &'llamactl;notify;outbox;help;help'= {
        }
        &'llamactl;notify;pending'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;mailprog'= {
            cand -s 'What happened, in SLURM''s words'
            cand --subject 'What happened, in SLURM''s words'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --carry 'Bring what waits, in the background'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;notify;help'= {
            cand test 'Send a test message to everybody who is configured, and say how it went'
            cand preview 'Show what would be sent, and send nothing'
            cand channels 'List the channels, with an example of a target for each'
            cand templates 'List or copy the texts of messages, to edit them'
            cand plugins 'Programs of your own that deliver messages'
            cand topic 'Show the ntfy topic, its link and its QR code, to subscribe from a phone'
            cand outbox 'Messages that wait to be sent'
            cand pending 'Follow a job that waits, and tell of it'
            cand mailprog 'Take a mail of slurmctld''s: for MailProg in slurm.conf, by way of slurm/mailprog'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;notify;help;test'= {
        }
        &'llamactl;notify;help;preview'= {
        }
        &'llamactl;notify;help;channels'= {
        }
        &'llamactl;notify;help;templates'= {
            cand ls 'List them, and where each is from'
            cand init 'Copy the built-in ones into a folder, to edit them; files that are there stay'
        }
        &'llamactl;notify;help;templates;ls'= {
        }
        &'llamactl;notify;help;templates;init'= {
        }
        &'llamactl;notify;help;plugins'= {
            cand ls 'List them, and where each is'
            cand schema 'Print the JSON Schema of what a plugin reads'
        }
        &'llamactl;notify;help;plugins;ls'= {
        }
        &'llamactl;notify;help;plugins;schema'= {
        }
        &'llamactl;notify;help;topic'= {
        }
        &'llamactl;notify;help;outbox'= {
            cand ls 'List what waits, and what could not be delivered in the last day'
            cand flush 'Send what waits now'
        }
        &'llamactl;notify;help;outbox;ls'= {
        }
        &'llamactl;notify;help;outbox;flush'= {
        }
        &'llamactl;notify;help;pending'= {
        }
        &'llamactl;notify;help;mailprog'= {
        }
        &'llamactl;notify;help;help'= {
        }
        &'llamactl;watch'= {
            cand --model 'Name, alias or file of a model; * stands for anything'
            cand --event 'What to tell of: available when left out; for nodes offline and online'
            cand --owner 'Only servers of this owner; * stands for anything'
            cand --label 'Only what has this label; may be repeated'
            cand --node 'Only nodes of this name, and servers on them; * stands for anything'
            cand --notify 'Whom to tell, as mailto:ADDRESS, ntfy://TOPIC …; may be repeated. Your own targets when left out'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --keep 'Tell each time, not only once'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List your watches'
            cand list 'List your watches'
            cand rm 'End watches'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;watch;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;watch;list'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;watch;rm'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;watch;help'= {
            cand ls 'List your watches'
            cand rm 'End watches'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;watch;help;ls'= {
        }
        &'llamactl;watch;help;rm'= {
        }
        &'llamactl;watch;help;help'= {
        }
        &'llamactl;ls'= {
            cand --owner 'Only this owner''s'
            cand --model 'Only this model'
            cand --state 'Only this state: pending, loading, ready, draining, lost or all'
            cand --label 'Only with this label; may be repeated'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --mine 'Only your own'
            cand -w 'Show anew whenever something changes, until Ctrl-C'
            cand --watch 'Show anew whenever something changes, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;list'= {
            cand --owner 'Only this owner''s'
            cand --model 'Only this model'
            cand --state 'Only this state: pending, loading, ready, draining, lost or all'
            cand --label 'Only with this label; may be repeated'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --mine 'Only your own'
            cand -w 'Show anew whenever something changes, until Ctrl-C'
            cand --watch 'Show anew whenever something changes, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;status'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -w 'Show anew whenever something changes, until Ctrl-C'
            cand --watch 'Show anew whenever something changes, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;logs'= {
            cand -n 'Lines from the end to begin with'
            cand --lines 'Lines from the end to begin with'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -f 'Go on while the job runs'
            cand --follow 'Go on while the job runs'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;stop'= {
            cand --timeout 'With --wait: give up after this time (exit 3); 0 never'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --now 'Do not wait for running requests'
            cand --wait 'Wait until the jobs have ended'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;connect'= {
            cand --dir 'Folder to run the program in'
            cand --via 'Login host to tunnel through when the server can''t be reached directly'
            cand --local-port 'Local port of the tunnel; 0 takes a free one'
            cand --preset 'Preset of environment variables [default: the program''s, else openai and anthropic]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --print 'Print lines that a shell can eval, and run nothing'
            cand --trust 'Go on although the server can''t prove that it is the one that was registered'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List the model configurations'
            cand list 'List the model configurations'
            cand show 'Show a configuration resolved, with where each value came from'
            cand validate 'Check configurations: of models, and llamactl''s own'
            cand init 'Write a new model configuration to start from'
            cand schema 'Print the JSON Schema of model configurations'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;configs;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;list'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;show'= {
            cand --gpu-type 'GPU type whose variant to show'
            cand --set 'Set any key, as server.context=8192'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;validate'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;init'= {
            cand --model 'GGUF file'
            cand --from 'Copy this configuration'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --user-config 'Write ~/.config/llamactl/config.yaml instead'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;schema'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --settings 'The schema of config.yaml instead'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;configs;help'= {
            cand ls 'List the model configurations'
            cand show 'Show a configuration resolved, with where each value came from'
            cand validate 'Check configurations: of models, and llamactl''s own'
            cand init 'Write a new model configuration to start from'
            cand schema 'Print the JSON Schema of model configurations'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;configs;help;ls'= {
        }
        &'llamactl;configs;help;show'= {
        }
        &'llamactl;configs;help;validate'= {
        }
        &'llamactl;configs;help;init'= {
        }
        &'llamactl;configs;help;schema'= {
        }
        &'llamactl;configs;help;help'= {
        }
        &'llamactl;registry'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand events 'Show what happened, and follow what happens'
            cand serve 'Run the registry'
            cand check 'Ask a live registry for everything that it offers, and report'
            cand token 'Make, list and revoke tokens'
            cand audit 'Show who changed what, and from where'
            cand openapi 'Print the OpenAPI document of the registry''s HTTP interface'
            cand backup 'Write everything that the registry holds to a file; it may run meanwhile'
            cand restore 'Replace everything that the registry holds by a backup; it may run meanwhile'
            cand import 'Take over the servers of an older registry from its JSON file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;registry;events'= {
            cand --after 'Only events after this number; without it the last ones'
            cand --kind 'Only this kind, as registered or lost; several with commas'
            cand --subject 'Only what happened to this server, node or token: its id'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -f 'Go on with what happens, until Ctrl-C'
            cand --follow 'Go on with what happens, until Ctrl-C'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;serve'= {
            cand --host 'Address to listen on'
            cand --port 'Port to listen on; 0 takes a free one'
            cand --database 'Where entries are kept: sqlite:PATH or postgres://… [env: LLAMACTL_DATABASE_URL]'
            cand --auth 'Who may use it [default: token, or none on a loopback address]'
            cand --anonymous 'What may be done without a token where tokens are asked for: for older clients'
            cand --first-token-file 'File (made 0600) for the first token, in place of stderr'
            cand --rate-limit 'Requests a second of each token, or address without one, or `off` [default: 200/s, or off on a loopback address]'
            cand --ttl 'How long an entry lives without a heartbeat'
            cand --node-warning-after 'A node that is silent for so long is in `warning`'
            cand --node-offline-after 'A node that is silent for so long is `offline`'
            cand --retain 'How long events are kept'
            cand --probe 'How often each ready server''s /health is looked at, or `off`'
            cand --login-host 'Login host of the cluster, which is suggested to people outside for their ssh tunnel [env: LLAMACTL_SSH_VIA, ssh.via; there without the user]'
            cand --allowed-host 'Further host name under which browsers may reach it; may be repeated'
            cand --tls-cert 'Serve https with the certificate in this PEM file; read anew when it changes'
            cand --tls-key 'PEM file with the certificate''s private key'
            cand --max-connections 'Most connections at a time; without it as many as open files allow, at most 20,000'
            cand --event-bus 'Redis on which nodes beat and the registry tells what happens, as redis://HOST:PORT/DB [env: LLAMACTL_EVENT_BUS, for one with a password]'
            cand --event-bus-prefix 'What the names of the event bus''s channels begin with'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;check'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --read-only 'Change nothing. Without this it makes entries of its own, whose names begin with llamactl-check, and takes them out again'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;token'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand create 'Make a token; it is shown this one time'
            cand ls 'List the tokens, without themselves'
            cand list 'List the tokens, without themselves'
            cand revoke 'Revoke a token: it counts for nothing from then on'
            cand rm 'Revoke a token: it counts for nothing from then on'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;registry;token;create'= {
            cand --owner 'Whose it is: the name that its servers and nodes have as owner (a user''s login name)'
            cand --scope 'What it allows: read, register, admin; several with commas'
            cand --expires 'How long it counts, as 90d or 12h; for ever when left out'
            cand --note 'What it is for'
            cand --database 'Open this database, on the registry''s host, in place of asking the registry'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;token;ls'= {
            cand --database 'Open this database, on the registry''s host, in place of asking the registry'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -a 'Also those that ended within the last 90 days'
            cand --all 'Also those that ended within the last 90 days'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;token;list'= {
            cand --database 'Open this database, on the registry''s host, in place of asking the registry'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -a 'Also those that ended within the last 90 days'
            cand --all 'Also those that ended within the last 90 days'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;token;revoke'= {
            cand --database 'Open this database, on the registry''s host, in place of asking the registry'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --force 'Also the last one for administrators'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;token;rm'= {
            cand --database 'Open this database, on the registry''s host, in place of asking the registry'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --force 'Also the last one for administrators'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;token;help'= {
            cand create 'Make a token; it is shown this one time'
            cand ls 'List the tokens, without themselves'
            cand revoke 'Revoke a token: it counts for nothing from then on'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;registry;token;help;create'= {
        }
        &'llamactl;registry;token;help;ls'= {
        }
        &'llamactl;registry;token;help;revoke'= {
        }
        &'llamactl;registry;token;help;help'= {
        }
        &'llamactl;registry;audit'= {
            cand --since 'Only what happened within this time, as 1d or 12h'
            cand --actor 'Only what this owner did, or the token with this id'
            cand --kind 'Only this kind of event, as token-created'
            cand --subject 'Only what happened to this server, node, token or job'
            cand --limit 'At most so many, the last ones'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;openapi'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;backup'= {
            cand --database 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --force 'Write over a file that is there'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;restore'= {
            cand --database 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;import'= {
            cand --database 'The database, as for `serve` [env: LLAMACTL_DATABASE_URL]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;registry;help'= {
            cand events 'Show what happened, and follow what happens'
            cand serve 'Run the registry'
            cand check 'Ask a live registry for everything that it offers, and report'
            cand token 'Make, list and revoke tokens'
            cand audit 'Show who changed what, and from where'
            cand openapi 'Print the OpenAPI document of the registry''s HTTP interface'
            cand backup 'Write everything that the registry holds to a file; it may run meanwhile'
            cand restore 'Replace everything that the registry holds by a backup; it may run meanwhile'
            cand import 'Take over the servers of an older registry from its JSON file'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;registry;help;events'= {
        }
        &'llamactl;registry;help;serve'= {
        }
        &'llamactl;registry;help;check'= {
        }
        &'llamactl;registry;help;token'= {
            cand create 'Make a token; it is shown this one time'
            cand ls 'List the tokens, without themselves'
            cand revoke 'Revoke a token: it counts for nothing from then on'
        }
        &'llamactl;registry;help;token;create'= {
        }
        &'llamactl;registry;help;token;ls'= {
        }
        &'llamactl;registry;help;token;revoke'= {
        }
        &'llamactl;registry;help;audit'= {
        }
        &'llamactl;registry;help;openapi'= {
        }
        &'llamactl;registry;help;backup'= {
        }
        &'llamactl;registry;help;restore'= {
        }
        &'llamactl;registry;help;import'= {
        }
        &'llamactl;registry;help;help'= {
        }
        &'llamactl;node'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand agent 'Register this machine and beat for it until TERM'
            cand register 'Register a node once'
            cand heartbeat 'Tell once that a node lives'
            cand ls 'List nodes'
            cand list 'List nodes'
            cand maintenance 'Take a node out of use, or give it back'
            cand rm 'Take nodes out of the registry'
            cand topology 'Show how the nodes belong together'
            cand stats 'Show numbers about the nodes'
            cand profile 'Settings that the nodes of a role start from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;node;agent'= {
            cand --role 'What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]'
            cand --labels 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]'
            cand --label 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]'
            cand --group 'Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]'
            cand --location 'Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]'
            cand --name 'The name that people use [default: the host''s] [env: LLAMACTL_NODE_NAME]'
            cand --ip 'Address at which others reach it [default: the one towards the registry] [env: LLAMACTL_NODE_IP]'
            cand --vpn-ip 'Address in the virtual private network'
            cand --public-ip 'Address on the internet'
            cand --address 'URL of the node''s own service'
            cand --metadata 'Anything else to keep with it; may be repeated'
            cand --id-file 'Where its id and the secret of its lease are kept [default: /etc/llamactl/node_id, or the user''s configuration folder] [env: LLAMACTL_NODE_ID_FILE]'
            cand --detect-every 'How often to look anew what the machine has [default: 30s]'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --once 'Register, beat once, print the node''s id, and end'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;register'= {
            cand --role 'What it is for, as compute or lead [env: LLAMACTL_NODE_ROLE]'
            cand --labels 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]'
            cand --label 'Words by which it is found, with commas; may be repeated [env: LLAMACTL_NODE_LABELS]'
            cand --group 'Group that it is in; may be repeated [env: LLAMACTL_NODE_GROUPS]'
            cand --location 'Where it stands, as paris/room-2/rack-7 [env: LLAMACTL_NODE_LOCATION]'
            cand --name 'The name that people use [default: the host''s] [env: LLAMACTL_NODE_NAME]'
            cand --ip 'Address at which others reach it [default: the one towards the registry] [env: LLAMACTL_NODE_IP]'
            cand --vpn-ip 'Address in the virtual private network'
            cand --public-ip 'Address on the internet'
            cand --address 'URL of the node''s own service'
            cand --metadata 'Anything else to keep with it; may be repeated'
            cand --hostname 'Host name of another machine; nothing is found out then [default: this machine]'
            cand --node-id 'The id that it has already'
            cand --gpus 'Number of GPUs'
            cand --gpu-type 'Type of the GPUs'
            cand --vram 'Memory of all GPUs, as 48G'
            cand --cuda-version 'Version of CUDA'
            cand --cpus 'Logical CPUs'
            cand --memory 'Main memory, as 256G'
            cand --disk 'Local disks together, as 2T'
            cand --os 'Operating system'
            cand --machine-id 'Id of the machine'
            cand --slurm-node 'SLURM''s name for it'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;heartbeat'= {
            cand --status 'How it is'
            cand --metric 'Something that was measured; may be repeated'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;ls'= {
            cand --role 'Only those of this role'
            cand --label 'Only those with this label; may be repeated'
            cand --group 'Only those in this group'
            cand --location 'Only those that stand there; paris takes paris/room-2 in'
            cand --status 'Only those in this state: online, warning, offline, maintenance or draining'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -l 'Show more columns'
            cand -w 'Show more columns'
            cand --wide 'Show more columns'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;list'= {
            cand --role 'Only those of this role'
            cand --label 'Only those with this label; may be repeated'
            cand --group 'Only those in this group'
            cand --location 'Only those that stand there; paris takes paris/room-2 in'
            cand --status 'Only those in this state: online, warning, offline, maintenance or draining'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand -l 'Show more columns'
            cand -w 'Show more columns'
            cand --wide 'Show more columns'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;maintenance'= {
            cand --reason 'Why, for people'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;rm'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;topology'= {
            cand --role 'Only those of this role'
            cand --label 'Only those with this label; may be repeated'
            cand --group 'Only those in this group'
            cand --location 'Only those that stand there; paris takes paris/room-2 in'
            cand --status 'Only those in this state: online, warning, offline, maintenance or draining'
            cand --by 'What the branches are'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --dot 'Print nodes and connections for Graphviz'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;stats'= {
            cand --since 'Also what happened since then, as 7d or 12h'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;profile'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List the roles that have a profile'
            cand list 'List the roles that have a profile'
            cand get 'Print a role''s profile as JSON'
            cand set 'Write a role''s profile'
            cand rm 'Remove a role''s profile'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;node;profile;ls'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;profile;list'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;profile;get'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;profile;set'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;profile;rm'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;node;profile;help'= {
            cand ls 'List the roles that have a profile'
            cand get 'Print a role''s profile as JSON'
            cand set 'Write a role''s profile'
            cand rm 'Remove a role''s profile'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;node;profile;help;ls'= {
        }
        &'llamactl;node;profile;help;get'= {
        }
        &'llamactl;node;profile;help;set'= {
        }
        &'llamactl;node;profile;help;rm'= {
        }
        &'llamactl;node;profile;help;help'= {
        }
        &'llamactl;node;help'= {
            cand agent 'Register this machine and beat for it until TERM'
            cand register 'Register a node once'
            cand heartbeat 'Tell once that a node lives'
            cand ls 'List nodes'
            cand maintenance 'Take a node out of use, or give it back'
            cand rm 'Take nodes out of the registry'
            cand topology 'Show how the nodes belong together'
            cand stats 'Show numbers about the nodes'
            cand profile 'Settings that the nodes of a role start from'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;node;help;agent'= {
        }
        &'llamactl;node;help;register'= {
        }
        &'llamactl;node;help;heartbeat'= {
        }
        &'llamactl;node;help;ls'= {
        }
        &'llamactl;node;help;maintenance'= {
        }
        &'llamactl;node;help;rm'= {
        }
        &'llamactl;node;help;topology'= {
        }
        &'llamactl;node;help;stats'= {
        }
        &'llamactl;node;help;profile'= {
            cand ls 'List the roles that have a profile'
            cand get 'Print a role''s profile as JSON'
            cand set 'Write a role''s profile'
            cand rm 'Remove a role''s profile'
        }
        &'llamactl;node;help;profile;ls'= {
        }
        &'llamactl;node;help;profile;get'= {
        }
        &'llamactl;node;help;profile;set'= {
        }
        &'llamactl;node;help;profile;rm'= {
        }
        &'llamactl;node;help;help'= {
        }
        &'llamactl;doctor'= {
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;completions'= {
            cand --dir 'Write those of all shells into this folder'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;man'= {
            cand --dir 'Write all pages into this folder'
            cand --registry 'Registry to use, as http://HOST:PORT [env: REGISTRY_URL]'
            cand --json 'Print JSON on stdout'
            cand -q 'Print errors only'
            cand --quiet 'Print errors only'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'llamactl;help'= {
            cand submit 'Submit a llama-server job from a model''s configuration'
            cand run 'Run llama-server and look after it: in a job, or on any workstation'
            cand wait-ready 'Wait until a server answers, or is known not to come'
            cand register 'Register a server that a script of yours runs'
            cand heartbeat 'Renew the lease of a registered server'
            cand unregister 'Take a registered server out of the registry'
            cand notify 'Tell people about a server by mail and push'
            cand watch 'Be told by the registry: a model is available, a server is lost, a node is offline'
            cand ls 'List servers'
            cand status 'Show all that is known of one job'
            cand logs 'Show a job''s log'
            cand stop 'Stop a job: it drains, then ends'
            cand connect 'Connect a program to a server: tunnel if needed, environment, then the program'
            cand configs 'List, show, check and make model configurations'
            cand registry 'Run and examine the registry'
            cand node 'Register and examine nodes'
            cand doctor 'Check what llamactl needs on this machine, with the mend for what is missing'
            cand completions 'Print a completion script for a shell'
            cand man 'Print a manual page, or write all of them'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'llamactl;help;submit'= {
        }
        &'llamactl;help;run'= {
        }
        &'llamactl;help;wait-ready'= {
        }
        &'llamactl;help;register'= {
        }
        &'llamactl;help;heartbeat'= {
        }
        &'llamactl;help;unregister'= {
        }
        &'llamactl;help;notify'= {
            cand test 'Send a test message to everybody who is configured, and say how it went'
            cand preview 'Show what would be sent, and send nothing'
            cand channels 'List the channels, with an example of a target for each'
            cand templates 'List or copy the texts of messages, to edit them'
            cand plugins 'Programs of your own that deliver messages'
            cand topic 'Show the ntfy topic, its link and its QR code, to subscribe from a phone'
            cand outbox 'Messages that wait to be sent'
            cand pending 'Follow a job that waits, and tell of it'
            cand mailprog 'Take a mail of slurmctld''s: for MailProg in slurm.conf, by way of slurm/mailprog'
        }
        &'llamactl;help;notify;test'= {
        }
        &'llamactl;help;notify;preview'= {
        }
        &'llamactl;help;notify;channels'= {
        }
        &'llamactl;help;notify;templates'= {
            cand ls 'List them, and where each is from'
            cand init 'Copy the built-in ones into a folder, to edit them; files that are there stay'
        }
        &'llamactl;help;notify;templates;ls'= {
        }
        &'llamactl;help;notify;templates;init'= {
        }
        &'llamactl;help;notify;plugins'= {
            cand ls 'List them, and where each is'
            cand schema 'Print the JSON Schema of what a plugin reads'
        }
        &'llamactl;help;notify;plugins;ls'= {
        }
        &'llamactl;help;notify;plugins;schema'= {
        }
        &'llamactl;help;notify;topic'= {
        }
        &'llamactl;help;notify;outbox'= {
            cand ls 'List what waits, and what could not be delivered in the last day'
            cand flush 'Send what waits now'
        }
        &'llamactl;help;notify;outbox;ls'= {
        }
        &'llamactl;help;notify;outbox;flush'= {
        }
        &'llamactl;help;notify;pending'= {
        }
        &'llamactl;help;notify;mailprog'= {
        }
        &'llamactl;help;watch'= {
            cand ls 'List your watches'
            cand rm 'End watches'
        }
        &'llamactl;help;watch;ls'= {
        }
        &'llamactl;help;watch;rm'= {
        }
        &'llamactl;help;ls'= {
        }
        &'llamactl;help;status'= {
        }
        &'llamactl;help;logs'= {
        }
        &'llamactl;help;stop'= {
        }
        &'llamactl;help;connect'= {
        }
        &'llamactl;help;configs'= {
            cand ls 'List the model configurations'
            cand show 'Show a configuration resolved, with where each value came from'
            cand validate 'Check configurations: of models, and llamactl''s own'
            cand init 'Write a new model configuration to start from'
            cand schema 'Print the JSON Schema of model configurations'
        }
        &'llamactl;help;configs;ls'= {
        }
        &'llamactl;help;configs;show'= {
        }
        &'llamactl;help;configs;validate'= {
        }
        &'llamactl;help;configs;init'= {
        }
        &'llamactl;help;configs;schema'= {
        }
        &'llamactl;help;registry'= {
            cand events 'Show what happened, and follow what happens'
            cand serve 'Run the registry'
            cand check 'Ask a live registry for everything that it offers, and report'
            cand token 'Make, list and revoke tokens'
            cand audit 'Show who changed what, and from where'
            cand openapi 'Print the OpenAPI document of the registry''s HTTP interface'
            cand backup 'Write everything that the registry holds to a file; it may run meanwhile'
            cand restore 'Replace everything that the registry holds by a backup; it may run meanwhile'
            cand import 'Take over the servers of an older registry from its JSON file'
        }
        &'llamactl;help;registry;events'= {
        }
        &'llamactl;help;registry;serve'= {
        }
        &'llamactl;help;registry;check'= {
        }
        &'llamactl;help;registry;token'= {
            cand create 'Make a token; it is shown this one time'
            cand ls 'List the tokens, without themselves'
            cand revoke 'Revoke a token: it counts for nothing from then on'
        }
        &'llamactl;help;registry;token;create'= {
        }
        &'llamactl;help;registry;token;ls'= {
        }
        &'llamactl;help;registry;token;revoke'= {
        }
        &'llamactl;help;registry;audit'= {
        }
        &'llamactl;help;registry;openapi'= {
        }
        &'llamactl;help;registry;backup'= {
        }
        &'llamactl;help;registry;restore'= {
        }
        &'llamactl;help;registry;import'= {
        }
        &'llamactl;help;node'= {
            cand agent 'Register this machine and beat for it until TERM'
            cand register 'Register a node once'
            cand heartbeat 'Tell once that a node lives'
            cand ls 'List nodes'
            cand maintenance 'Take a node out of use, or give it back'
            cand rm 'Take nodes out of the registry'
            cand topology 'Show how the nodes belong together'
            cand stats 'Show numbers about the nodes'
            cand profile 'Settings that the nodes of a role start from'
        }
        &'llamactl;help;node;agent'= {
        }
        &'llamactl;help;node;register'= {
        }
        &'llamactl;help;node;heartbeat'= {
        }
        &'llamactl;help;node;ls'= {
        }
        &'llamactl;help;node;maintenance'= {
        }
        &'llamactl;help;node;rm'= {
        }
        &'llamactl;help;node;topology'= {
        }
        &'llamactl;help;node;stats'= {
        }
        &'llamactl;help;node;profile'= {
            cand ls 'List the roles that have a profile'
            cand get 'Print a role''s profile as JSON'
            cand set 'Write a role''s profile'
            cand rm 'Remove a role''s profile'
        }
        &'llamactl;help;node;profile;ls'= {
        }
        &'llamactl;help;node;profile;get'= {
        }
        &'llamactl;help;node;profile;set'= {
        }
        &'llamactl;help;node;profile;rm'= {
        }
        &'llamactl;help;doctor'= {
        }
        &'llamactl;help;completions'= {
        }
        &'llamactl;help;man'= {
        }
        &'llamactl;help;help'= {
        }
    ]
    $completions[$command]
}
