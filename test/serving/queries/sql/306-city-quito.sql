-- city Quito
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'Quito' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,23,73,"-1.25","86.04",3.9284047619047624]
-- ["done",true,25,72,"-1.25","85.21",3.269591666666667]
-- ["lost",false,6,21,"3","20.01",2]
-- ["lost",true,11,29,"3","31.4",3.9814666666666674]
-- ["open",false,10,31,"3","95.57",2.655633333333333]
-- ["open",true,12,34,"3","93.59",5.4051]
-- ["void",false,2,5,"3","12.5",0]
-- ["void",true,12,40,"3","92.26",3.73185]
-- rows of newest
-- ["done",false,16,47,"3","49.24",4.2763599999999995]
-- ["done",true,14,43,"-1.25","85.21",4.254264285714286]
-- ["lost",false,4,15,"5","9.99",1.75]
-- ["lost",true,6,15,"3","31.4",5.638866666666668]
-- ["open",false,6,19,"5","95.57",2.9758]
-- ["open",true,8,24,"5","93.59",4.5142625]
-- ["void",false,1,4,"3","3",0]
-- ["void",true,6,15,"3","92.26",2.5555]
