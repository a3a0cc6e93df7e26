-- city Oslo
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'Oslo' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,24,73,"3","46.91",7.248618181818181]
-- ["done",true,36,104,"-1.25","95.26",3.2577575757575756]
-- ["lost",false,6,21,"3","31.4",1.0833333333333333]
-- ["lost",true,8,21,"3","20.01",5.512414285714286]
-- ["open",false,5,15,"3","38.23",10.05452]
-- ["open",true,7,17,"1.44","93.99",9.882800000000001]
-- ["void",false,10,27,"-1.25","24.04",4.897822222222222]
-- ["void",true,7,26,"3","31.4",5.825114285714286]
-- rows of newest
-- ["done",false,16,48,"5","46.91",5.804413333333334]
-- ["done",true,22,71,"-1.25","95.26",3.9196619047619046]
-- ["lost",false,5,17,"3","31.4",1.3]
-- ["lost",true,2,4,"3","7.25",0.5]
-- ["open",false,4,10,"3","38.23",10.067025]
-- ["open",true,4,8,"1.44","93.99",13.44305]
-- ["void",false,9,26,"-1.25","24.04",5.51005]
-- ["void",true,5,18,"5","31.4",6.28932]
